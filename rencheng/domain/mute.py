"""Mutes, by which operators suppress messages: silences, and maintenance windows that repeat weekly."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.region import code_includes
from rencheng.domain.site import Site

REMIND_BEFORE = timedelta(minutes=15)
"""A reminder of a silence that still mutes a message is sent this long before its end."""


@dataclass(frozen=True, slots=True)
class MuteScope:
    """The sites of a mute: one site, a region (district, city or province code), or a catchment, in one world."""

    world: str = ACTUAL
    site_id: str | None = None
    region: str | None = None
    catchment: str | None = None

    def __post_init__(self) -> None:
        """Reject an empty scope, and one with two parts.

        Raises:
            ValueError: not exactly one of site, region and catchment is named.
        """
        named = [name for name in (self.site_id, self.region, self.catchment) if name]
        if len(named) != 1:
            raise ValueError("name one of: a site, a region, a catchment")

    def includes(self, site: Site) -> bool:
        """Return whether a site is in the scope."""
        if site.world != self.world:
            return False
        if self.site_id:
            return site.site_id == self.site_id
        if self.region:
            return code_includes(self.region, site.region)
        return site.catchment == self.catchment


@dataclass(frozen=True, slots=True)
class Silence:
    """A period in which messages up to a level are not delivered. An operator can end it earlier."""

    name: str
    scope: MuteScope
    up_to: Level
    begins_at: datetime
    ends_at: datetime
    reason: str

    def is_active(self, at: datetime) -> bool:
        """Return whether it mutes at this time."""
        return self.begins_at <= at < self.ends_at

    def is_ending(self, at: datetime) -> bool:
        """Return whether it ends soon, so that a reminder is due."""
        return max(self.begins_at, self.ends_at - REMIND_BEFORE) <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window that repeats every week, in the city's time zone.

    Attributes:
        weekdays: the days on which a window begins; 0 is Monday. A window may cross midnight.
        begins: the time of day at which a window begins.
        lasts: the duration of a window, less than a week.
        first, last: the first and the last day on which a window may begin; no end if last is None.
    """

    name: str
    scope: MuteScope
    up_to: Level
    weekdays: frozenset[int]
    begins: time
    lasts: timedelta
    first: date
    last: date | None
    reason: str

    def is_active(self, at: datetime) -> bool:
        """Return whether one of its windows mutes at this time."""
        today = at.astimezone(CITY_ZONE).date()
        days = (today - timedelta(days=back) for back in range(self.lasts.days + 2))
        return any(self._begins_on(day) and self._begin(day) <= at < self._begin(day) + self.lasts for day in days)

    def _begins_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and self.first <= day and (self.last is None or day <= self.last)

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, self.begins, tzinfo=CITY_ZONE).astimezone(UTC)


Mute = Silence | Maintenance
