"""Whether sites and gauges have data, by the engine's rule (`rencheng.engine.staleness`).

The alert service saves with each site's state from when on the site has no data if no more arrives, and why. This
module compares that moment with the time of the site's world. The alert service saves a changed state at once if it
changes a warning, else within a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from rencheng.domain.device import ACTUAL
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
            device_id: Monitoring.at(now, _time(gauge["no_data_from"]), NoDataReason(gauge["reason"]))
            for device_id, gauge in row.gauges.items()
        }
        found[row.site_id] = SiteMonitoring(Monitoring.at(now, row.no_data_from, reason), gauges)
    return found


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


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
