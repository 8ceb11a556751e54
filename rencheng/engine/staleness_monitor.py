"""Find the sites that have no data any more. Deterministic: the caller passes the time of each world."""

import heapq
from datetime import datetime
from math import inf

from rencheng.domain.level import Level
from rencheng.domain.no_data import NoDataReason
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.rain.rainfall import is_armed
from rencheng.engine.staleness import ARMED_AT_LEAST_S, AT_LEAST_S, gauge_reasons, has_usable_gauge, no_data
from rencheng.engine.state import SiteState

REPORTING = "reporting"
"""What a notice says of a gauge with a usable depth."""


class StalenessMonitor:
    """A queue for each world of the sites that would have no data at a moment if no more arrived."""

    def __init__(self) -> None:
        self._due: dict[str, list[tuple[float, str]]] = {}
        self._due_s: dict[str, float] = {}

    def follow(self, site: Site, state: SiteState) -> None:
        """Queue a site for the moment from which it has no data; one that is due soon already keeps its place."""
        known_s = self._due_s.get(site.site_id, inf)
        soon_s = ARMED_AT_LEAST_S if state.rain.armed_s else AT_LEAST_S
        if state.no_data_reported or known_s - (state.watermark_s or 0.0) <= soon_s:
            return
        from_s, reason = no_data(state)
        due_s = from_s if from_s is None or reason is NoDataReason.SILENT else -inf
        if due_s is not None and due_s < known_s:
            self._due_s[site.site_id] = due_s
            heapq.heappush(self._due.setdefault(site.world, []), (due_s, site.site_id))

    def due(self, world: str, now: datetime) -> list[str]:
        """Return the sites that are due by now, each once."""
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
        """Return whether a site has no usable depth now."""
        return not has_usable_gauge(state, now.timestamp())

    def review(
        self, site: Site, before: SiteState, state: SiteState, now: datetime
    ) -> tuple[SiteState, SiteNotice | None]:
        """Return the state of a site without data after a reading, and the notice that follows from it.

        It is restored when a gauge without a fault reports. It is reported again when a gauge's fault changes.
        """
        at_s = state.watermark_s
        if at_s is not None and has_usable_gauge(state, at_s):
            state = state._replace(no_data_reported=False)
            return state, self.notice(site, state, now)
        faults = [{name: one.health.fault for name, one in each.gauges.items()} for each in (before, state)]
        return state, self.notice(site, state, now) if faults[0] != faults[1] else None

    def notice(self, site: Site, state: SiteState, now: datetime) -> SiteNotice:
        """Return the notice of a site whose monitoring is lost or restored."""
        armed = is_armed(state.rain, now.timestamp())
        urgent = max(state.level, Level.YELLOW if armed else Level.BLUE)
        kind = SiteNoticeKind.MONITORING_LOST if state.no_data_reported else SiteNoticeKind.MONITORING_RESTORED
        reasons = gauge_reasons(state, now.timestamp())
        gauges = tuple((name, reason.value if reason else REPORTING) for name, reason in sorted(reasons.items()))
        return SiteNotice(kind, site.site_id, site.world, now, urgent, gauges)
