"""One city-wide alarm for all sites without data. Deterministic: no I/O, no clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.notice import Notice, NoticeKind
from services.alerts.suppression.wording import first_names

SETTLES = timedelta(seconds=60)
"""A site counts once it has had no data for this long, so that a broker's short outage is no alarm."""

AGAIN_AFTER = timedelta(minutes=30)
"""How often the alarm is repeated while it stands and does not grow."""

GROWTH = 1.5
"""The alarm is repeated at once when this many times as many sites have no data as the last one said."""

FLOOD_MIN, FLOOD_WINDOW = 10, timedelta(minutes=10)
"""Ten sites that lost their data within ten minutes are an alarm flood: the city-wide alarm stands for each of them.
Source: ISA-18.2 and EEMUA 191 call more than ten alarms in ten minutes a flood."""


@dataclass(frozen=True, slots=True)
class _LastAlarm:
    count: int
    urgent: bool
    at: datetime


class NoDataAlarm:
    """The sites of one world without data, and the last alarm about them."""

    def __init__(self, world: str) -> None:
        self._world = world
        self._since: dict[str, datetime] = {}
        self._last: _LastAlarm | None = None

    def update(self, without_data: Collection[str], at: datetime, *, of: int, in_rain: bool) -> Notice | None:
        """Return the notice that is due now; None if none is.

        Args:
            without_data: the sites that cannot be evaluated.
            at: the time of the world.
            of: how many sites the world has.
            in_rain: whether rain falls or is forecast at one of them; then the alarm is urgent.
        """
        self._since = {site_id: self._since.get(site_id, at) for site_id in without_data}
        settled = tuple(sorted(site_id for site_id, since in self._since.items() if at - since >= SETTLES))
        if not settled:
            return self._end(at) if self._last and not without_data else None
        if not self._is_due(len(settled), at, urgent=in_rain):
            return None
        self._last = _LastAlarm(len(settled), in_rain, at)
        zh = f"{of}处点位中有{len(settled)}处无法研判（无可用水位数据）：{first_names(settled)}。不得视为无积水。"
        en = (
            f"{len(settled)} of {of} sites cannot be evaluated, because they have no usable depths: "
            f"{first_names(settled)}. None is known to be dry."
        )
        if in_rain:
            zh, en = f"降雨期间监测中断！{zh}", f"Monitoring lost in rain! {en}"
        return Notice(
            self._world, NoticeKind.NO_DATA, NoticeKind.NO_DATA, at, True, Level.NONE, settled, in_rain, zh, en
        )

    def is_flood(self, at: datetime) -> bool:
        """Return whether the alarm is in force and stands for the sites that lost their data lately."""
        recent = sum(at - since <= FLOOD_WINDOW for since in self._since.values())
        return self._last is not None and recent >= FLOOD_MIN

    def _is_due(self, count: int, at: datetime, *, urgent: bool) -> bool:
        last = self._last
        if last is None or (urgent and not last.urgent) or count >= last.count * GROWTH:
            return True
        return at - last.at >= AGAIN_AFTER

    def _end(self, at: datetime) -> Notice:
        self._last = None
        zh, en = "各点位均恢复研判。", "Every site can be evaluated again."
        return Notice(self._world, NoticeKind.NO_DATA, NoticeKind.NO_DATA, at, False, Level.NONE, (), False, zh, en)
