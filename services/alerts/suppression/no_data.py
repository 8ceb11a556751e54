"""Sites that nobody can judge now: one alarm for all of them. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from services.alerts.suppression.notices import NO_DATA, Notice, some

SETTLES = timedelta(seconds=60)
"""A site must be blind for so long: a broker that comes back at once is no alarm."""

AGAIN_AFTER = timedelta(minutes=30)
"""How often the alarm is repeated while it stands and nothing grows."""

GROWTH = 1.5
"""So many times as many blind sites as were told of are news at once."""


@dataclass(frozen=True, slots=True)
class _LastAlarm:
    count: int
    urgent: bool
    at: datetime


class NoDataAlarm:
    """Which sites of one world are blind, and what was said of it."""

    def __init__(self, world: str) -> None:
        self._world = world
        self._since: dict[str, datetime] = {}
        self._told: _LastAlarm | None = None

    def update(self, blind: Collection[str], at: datetime, *, of: int, in_rain: bool) -> Notice | None:
        """What is to be said now.

        Args:
            blind: the sites that cannot be judged.
            at: the world's now.
            of: how many sites the world has.
            in_rain: whether one of the blind sites lies where rain is expected or falls: then it cannot wait.
        """
        self._since = {site_id: self._since.get(site_id, at) for site_id in blind}
        settled = tuple(sorted(site_id for site_id, since in self._since.items() if at - since >= SETTLES))
        if not settled:
            return self._over(at) if self._told and not blind else None
        if not self._is_news(len(settled), at, urgent=in_rain):
            return None
        self._told = _LastAlarm(len(settled), in_rain, at)
        zh = f"{of}处点位中有{len(settled)}处无法研判（无可用水位数据）：{some(settled)}。不得视为无积水。"
        en = f"{len(settled)} of {of} sites cannot be evaluated for want of depths: {some(settled)}. None is known dry."
        if in_rain:
            zh, en = f"降雨期间监测中断！{zh}", f"Monitoring lost in rain! {en}"
        return Notice(self._world, NO_DATA, NO_DATA, at, True, Level.NONE, settled, in_rain, zh, en)

    def _is_news(self, count: int, at: datetime, *, urgent: bool) -> bool:
        told = self._told
        if told is None or (urgent and not told.urgent) or count >= told.count * GROWTH:
            return True
        return at - told.at >= AGAIN_AFTER

    def _over(self, at: datetime) -> Notice:
        self._told = None
        zh, en = "各点位均恢复研判。", "Every site can be evaluated again."
        return Notice(self._world, NO_DATA, NO_DATA, at, False, Level.NONE, (), False, zh, en)
