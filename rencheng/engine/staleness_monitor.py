"""Who watches the watchers: which sites have had no word for too long. Pure: the world's now is told, never asked."""

import heapq
from datetime import datetime
from math import inf, isfinite, isnan

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.health.sensor_health import Fault
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.staleness import ARMED_AT_LEAST_S, AT_LEAST_S, no_data_from_s
from rencheng.engine.state import SiteState, gauge_of


class StalenessMonitor:
    """By world, when each site is to be looked at next; a site that speaks meanwhile is only looked at again."""

    def __init__(self) -> None:
        self._due: dict[str, list[tuple[float, str]]] = {}
        self._due_s: dict[str, float] = {}

    def follow(self, site: Site, state: SiteState) -> None:
        """Have a site looked at when it would be blind if nothing more were heard; nothing to do if that is soon."""
        known_s = self._due_s.get(site.site_id, inf)
        soon_s = ARMED_AT_LEAST_S if state.rain.armed_s else AT_LEAST_S
        if state.no_data_reported or known_s - (state.watermark_s or 0.0) <= soon_s:
            return
        due_s = _no_data_from_s(state)
        if due_s < known_s:
            self._due_s[site.site_id] = due_s
            heapq.heappush(self._due.setdefault(site.world, []), (due_s, site.site_id))

    def due(self, world: str, now: datetime) -> list[str]:
        """The sites that are due by now, each once."""
        due = self._due.get(world)
        if not due or due[0][0] >= (now_s := now.timestamp()):
            return []
        found: dict[str, None] = {}
        while due and due[0][0] < now_s:
            _, site_id = heapq.heappop(due)
            self._due_s.pop(site_id, None)
            found[site_id] = None
        return list(found)

    def has_no_data(self, state: SiteState, now: datetime) -> bool:
        """Can nobody see the water there?"""
        from_s = _no_data_from_s(state)
        return from_s == inf or from_s < now.timestamp()

    def has_data(self, state: SiteState) -> bool:
        """Does a gauge that may be believed speak, as of the last word?"""
        at_s = state.watermark_s
        return at_s is not None and isfinite(from_s := _no_data_from_s(state)) and from_s >= at_s

    def faults(self, state: SiteState) -> dict[str, Fault | None]:
        """Why each gauge that was ever heard is not believed; None of one that is."""
        return {gauge_of(name): one.health.fault for name, one in state.gauges.items() if not isnan(one.heard_s)}

    def notice(self, site: Site, state: SiteState, now: datetime) -> SiteNotice:
        """What is to be said of a site that was lost, or is seen again."""
        armed = rains.is_armed(state.rain, now.timestamp())
        urgent = max(state.level, Level.YELLOW if armed else Level.BLUE)
        kind = SiteNoticeKind.LOST if state.no_data_reported else SiteNoticeKind.RESTORED
        speaks = "silent" if state.no_data_reported else "speaks"
        gauges = tuple(
            (name, distrust.value if distrust else speaks) for name, distrust in sorted(self.faults(state).items())
        )
        return SiteNotice(kind, site.site_id, site.world, now, urgent, gauges)


def _no_data_from_s(state: SiteState) -> float:
    at_s = state.watermark_s or 0.0
    return no_data_from_s(state, armed=rains.is_armed(state.rain, at_s))
