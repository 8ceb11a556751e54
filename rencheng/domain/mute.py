"""What an operator wants not to hear for a while: silences, and maintenance that comes round every week."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.weather import code_includes

CITY = ZoneInfo("Asia/Shanghai")
"""By whose clocks maintenance is planned."""

REMIND_BEFORE = timedelta(minutes=15)
"""How long before its end a silence that still mutes something is brought to mind."""


@dataclass(frozen=True, slots=True)
class MuteScope:
    """Which sites are meant: one site, a region (district, city or province code), or a catchment; in one world."""

    world: str = ACTUAL
    site_id: str | None = None
    region: str | None = None
    catchment: str | None = None

    def __post_init__(self) -> None:
        """Refuse a scope that says nothing, or two things.

        Raises:
            ValueError: not exactly one of site, region and catchment is named.
        """
        named = [name for name in (self.site_id, self.region, self.catchment) if name]
        if len(named) != 1:
            raise ValueError("name one of: a site, a region, a catchment")

    def includes(self, site: Site) -> bool:
        """Is a site meant?"""
        if site.world != self.world:
            return False
        if self.site_id:
            return site.site_id == self.site_id
        if self.region:
            return code_includes(self.region, site.region)
        return site.catchment == self.catchment


@dataclass(frozen=True, slots=True)
class Silence:
    """Up to a level nothing is delivered from its begin until its end, or until somebody ends it earlier."""

    name: str
    scope: MuteScope
    up_to: Level
    begins_at: datetime
    ends_at: datetime
    reason: str

    def is_active(self, at: datetime) -> bool:
        """Does it mute at this time?"""
        return self.begins_at <= at < self.ends_at

    def is_ending(self, at: datetime) -> bool:
        """Is its end near enough to be brought to mind?"""
        return max(self.begins_at, self.ends_at - REMIND_BEFORE) <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window that comes round every week, on the city's clocks.

    Attributes:
        weekdays: 0 is Monday; the days on which a window begins. It may reach over midnight.
        begins: the time of day at which it begins.
        lasts: for how long, less than a week.
        first, last: the first and the last day on which a window may begin; for good without a last.
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
        """Does one of its windows mute at this time?"""
        today = at.astimezone(CITY).date()
        days = (today - timedelta(days=back) for back in range(self.lasts.days + 2))
        return any(self._begins_on(day) and self._begin(day) <= at < self._begin(day) + self.lasts for day in days)

    def _begins_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and self.first <= day and (self.last is None or day <= self.last)

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, self.begins, tzinfo=CITY).astimezone(UTC)


Mute = Silence | Maintenance
