"""Whether sites and gauges have data, by the engine's rule (`rencheng.engine.staleness`).

The alert service saves with each site's state from when on the site has no data if no more arrives, and why. This
module compares that moment with the time of the site's world. The alert service saves a changed state at once if it
changes a warning, else within a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, text

from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.no_data import NEVER_REPORTED, Monitoring, NoDataReason
from rencheng.store.schema.tables import site_states, sites


@dataclass(frozen=True, slots=True)
class SiteMonitoring:
    """The monitoring of a site and of its gauges."""

    site: Monitoring
    gauges: Mapping[str, Monitoring]

    def of_gauge(self, device_id: str) -> Monitoring:
        """Return the monitoring of a gauge."""
        return self.gauges.get(device_id, NEVER_REPORTED)


NOT_MONITORED = SiteMonitoring(NEVER_REPORTED, {})
"""A site that the engine has not evaluated yet."""


def load_monitoring(connection: Connection, worlds: Mapping[str, str]) -> dict[str, SiteMonitoring]:
    """Return the monitoring of each of these sites that the engine has evaluated.

    Args:
        connection: a read connection.
        worlds: the world of each site. In `actual` now is the wall clock. An exercise may run faster than the states
            are saved, so a site's now is the time up to which its saved state was evaluated; once the engine has found
            the site without data, it is the time up to which any site of that exercise was evaluated.
    """
    evaluated = _evaluated_until(connection, set(worlds.values()) - {ACTUAL})
    lost_since_s = site_states.c.snapshot["state"]["lost_since_s"].astext.label("lost_since_s")
    columns = (site_states.c.site_id, site_states.c.no_data_from, site_states.c.no_data_reason, site_states.c.gauges)
    query = select(*columns, site_states.c.watermark, lost_since_s).where(site_states.c.site_id.in_(list(worlds)))
    found = {}
    for row in connection.execute(query):
        until = evaluated.get(worlds[row.site_id])
        now = datetime.now(UTC) if until is None else row.watermark if row.lost_since_s is None else until
        reason = NoDataReason(row.no_data_reason or NoDataReason.NEVER_REPORTED)
        gauges = {
            device_id: Monitoring.at(
                now, _time(gauge["no_data_from"]), NoDataReason(gauge["reason"]), gauge.get("lag_s")
            )
            for device_id, gauge in row.gauges.items()
        }
        found[row.site_id] = SiteMonitoring(
            Monitoring.at(now, row.no_data_from, reason, _lag_s(reason, gauges)), gauges
        )
    return found


def monitoring_of_gauge(connection: Connection, device: Device) -> Monitoring | None:
    """Return the monitoring of a depth gauge at the site that it is bound to; None if it has not reported there."""
    if device.site_id is None:
        return None
    found = load_monitoring(connection, {device.site_id: device.world}).get(device.site_id, NOT_MONITORED)
    return found.gauges.get(device.device_id)


def late_gauges(connection: Connection) -> dict[str, float]:
    """Return the gauges of the world `actual` whose newest readings arrived too late, with the lag in seconds."""
    query = (
        select(site_states.c.site_id)
        .join(sites, sites.c.site_id == site_states.c.site_id)
        .where(sites.c.world == ACTUAL, site_states.c.snapshot["state"]["late"] != text("'{}'::jsonb"))
    )
    names = list(connection.execute(query).scalars())
    found = load_monitoring(connection, dict.fromkeys(names, ACTUAL))
    gauges = {name: one for site in found.values() for name, one in site.gauges.items()}
    return {name: one.lag_s for name, one in sorted(gauges.items()) if one.lag_s is not None}


def _evaluated_until(connection: Connection, exercises: set[str]) -> dict[str, datetime]:
    if not exercises:
        return {}
    query = (
        select(sites.c.world, func.max(site_states.c.watermark).label("until"))
        .join(site_states, site_states.c.site_id == sites.c.site_id)
        .where(sites.c.world.in_(sorted(exercises)))
        .group_by(sites.c.world)
    )
    return {row.world: row.until for row in connection.execute(query) if row.until}


def _lag_s(reason: NoDataReason, gauges: Mapping[str, Monitoring]) -> float | None:
    """Return the lag of a site that has no data because its gauges are late: the least of its late gauges."""
    return (
        min((one.lag_s for one in gauges.values() if one.lag_s), default=None) if reason is NoDataReason.LATE else None
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
