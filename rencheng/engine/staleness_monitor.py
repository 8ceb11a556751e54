"""Find the sites that have no data any more. Deterministic: the caller passes the time of each world."""

import dataclasses
import heapq
from datetime import datetime
from math import inf

from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.doubt import is_held_back
from rencheng.engine.rain.rainfall import is_armed
from rencheng.engine.staleness import (
    ARMED_LOST_AFTER_S,
    LOST_AFTER_S,
    as_reported,
    gauge_reasons,
    has_data,
    is_not_lost_before,
    lost_from_s,
    no_data_by_gauge,
    restored_from_s,
    stays_late,
    with_reasons,
)
from rencheng.engine.state import SiteState, channel_name
from rencheng.engine.water.event import WET_MM

REPORTING = "reporting"
"""What a notice says of a gauge with a usable depth."""


class StalenessMonitor:
    """A queue for each world of the sites that would have no data at a moment if no more arrived."""

    def __init__(self) -> None:
        self._due: dict[str, list[tuple[float, str]]] = {}
        self._due_s: dict[str, float] = {}

    def follow(self, site: Site, state: SiteState) -> None:
        """Queue a site for the moment at which it is lost if no more arrives.

        A site that is due soon keeps its place, because it is looked at again then.
        """
        known_s = self._due_s.get(site.site_id, inf)
        soon_s = ARMED_LOST_AFTER_S if state.rain.armed_s is not None else LOST_AFTER_S
        if state.lost_since_s is not None:
            return
        if not state.late and known_s - (state.watermark_s or 0.0) <= soon_s:
            return
        if is_not_lost_before(state, known_s):
            return
        due_s = lost_from_s(state)
        if due_s is not None and due_s < known_s:
            self._due_s[site.site_id] = due_s
            heapq.heappush(self._due.setdefault(site.world, []), (due_s, site.site_id))

    def first_s(self, world: str) -> float:
        """Return when the first site is due; infinity if none is."""
        due = self._due.get(world)
        return due[0][0] if due else inf

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

    def is_lost(self, state: SiteState, now: datetime) -> bool:
        """Return whether a site has had no data for so long that it is reported lost."""
        from_s = lost_from_s(state)
        return from_s is None or from_s < now.timestamp()

    def review(
        self, site: Site, before: SiteState, state: SiteState, reading: WaterReading, now: datetime
    ) -> tuple[SiteState, SiteNotice | None]:
        """Return the state of a site that is reported lost after one more reading, and the notice that follows.

        It is restored by a usable depth, once its data has gone on for long enough and no depth waits for a proof. It
        is reported lost again when a gauge has a fault that was not reported yet, because the remedy may be another.
        """
        at_s = reading.time.timestamp()
        if not has_data(as_reported(state), at_s):
            state = state if state.data_since_s is None else replace(state, data_since_s=None)
            noted = with_reasons(state, now.timestamp()) if _has_new_fault(before, state) else state
            return noted, None if noted is state else self.notice(site, noted, now)
        gauge = state.gauges.get(channel_name(reading.device_id, reading.channel))
        if gauge is None or not gauge.is_trusted or gauge.measured_s != at_s:
            return state, None
        if state.data_since_s is None or not has_data(as_reported(before), at_s):
            return replace(state, data_since_s=at_s), None
        if at_s < (restored_from_s(state) or at_s) or is_held_back(state):
            return state, None
        state = replace(state, lost_since_s=None, data_since_s=None)
        depth_mm = gauge.accepted_mm if (gauge.accepted_mm or 0.0) >= WET_MM else None
        return state, dataclasses.replace(self.notice(site, state, now), depth_mm=depth_mm)

    def notice(self, site: Site, state: SiteState, now: datetime) -> SiteNotice:
        """Return the notice of a site whose monitoring is lost or restored."""
        armed = is_armed(state.rain, now.timestamp())
        urgent = max(state.level, Level.YELLOW if armed else Level.BLUE)
        kind = SiteNoticeKind.MONITORING_RESTORED if state.lost_since_s is None else SiteNoticeKind.MONITORING_LOST
        reasons = gauge_reasons(as_reported(state), now.timestamp())
        gauges = tuple((name, reason.value if reason else REPORTING) for name, reason in sorted(reasons.items()))
        lags_s = tuple(
            sorted((name, one.lag_s) for name, one in no_data_by_gauge(as_reported(state)).items() if one.lag_s)
        )
        return SiteNotice(kind, site.site_id, site.world, now, urgent, gauges, lags_s)

    def review_late(
        self, site: Site, before: SiteState, state: SiteState, now: datetime
    ) -> tuple[SiteState, SiteNotice | None]:
        """Return the state of a site that is reported lost after a reading that came too late, and what follows.

        It is reported lost again when a gauge becomes late, because the remedy may be another.
        """
        if has_data(state, now.timestamp()) or not stays_late(state):
            return state, None
        state = state if state.data_since_s is None else replace(state, data_since_s=None)
        return state, None if stays_late(before) else self.notice(site, state, now)


def _has_new_fault(before: SiteState, state: SiteState) -> bool:
    faults = {name: gauge.health.fault for name, gauge in before.gauges.items()}
    return any(gauge.health.fault not in (None, faults.get(name)) for name, gauge in state.gauges.items())
