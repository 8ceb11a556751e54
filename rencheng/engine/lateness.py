"""Readings that arrive too late to be evaluated: while one is the newest of its gauge, the gauge has no data."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.reorder_buffer import PendingReading
from rencheng.engine.staleness_monitor import StalenessMonitor
from rencheng.engine.state import SiteState, channel_name


def with_late_reading(
    state: SiteState, site: Site, reading: WaterReading, waiting: Sequence[PendingReading], arrived_at: datetime
) -> SiteState:
    """Return the state after a reading that arrived too late; the same object if the reading does not matter.

    Args:
        state: of the site.
        site: the site.
        reading: of one of its gauges.
        waiting: the readings of the site that are not evaluated yet.
        arrived_at: when it arrived, in the time of the world.
    """
    if reading.depth_mm is None or reading.quality & UNUSABLE or reading.device_id not in site.depth_gauge_ids:
        return state
    name = channel_name(reading.device_id, reading.channel)
    if any(channel_name(one.device_id, one.channel) == name and one.time > reading.time for one in waiting):
        return state
    lag_s = (arrived_at - reading.time).total_seconds()
    return state.with_late(name, arrived_at.timestamp(), reading.time.timestamp(), lag_s)


def too_late(
    record: SiteRecord,
    site: Site,
    reading: WaterReading,
    waiting: Sequence[PendingReading],
    arrived_at: datetime,
    monitor: StalenessMonitor,
) -> Evaluation | None:
    """Return what a reading that arrived too late changes, if it does: its gauge has no data while it is the newest."""
    state = with_late_reading(record.state, site, reading, waiting, arrived_at)
    if state is record.state:
        return None
    notice = None
    if state.lost_since_s is not None:
        state, notice = monitor.review_late(site, record.state, state, arrived_at)
    return Evaluation(site.site_id, replace(record, state=state, pending=()), notice=notice)


def after_evaluation(state: SiteState, reading: WaterReading) -> SiteState:
    """Return the state after a reading that arrived in time; a measurement ends the lateness of its gauge."""
    name = channel_name(reading.device_id, reading.channel)
    gauge = state.gauges.get(name)
    is_measured = gauge is not None and gauge.measured_s == reading.time.timestamp()
    return state.without_late(name) if is_measured else state
