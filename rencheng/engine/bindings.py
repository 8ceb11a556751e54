"""The sites that a gauge belongs to, and the gauges of a site with their newest readings."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from rencheng.domain.site import Site
from rencheng.engine.rain.response import WINDOWS_S
from rencheng.engine.state import SiteState

RAIN_COUNTS = timedelta(seconds=max(WINDOWS_S))
"""Rain older than this no longer affects a site."""


def sites_by_device(sites: Mapping[str, Site]) -> dict[str, tuple[Site, ...]]:
    """Return the sites of each gauge that measures for one, in the order of their names."""
    found: dict[str, tuple[Site, ...]] = {}
    for site in sorted(sites.values(), key=lambda site: site.site_id):
        for device_id in dict.fromkeys((*site.level_gauge_ids, *site.rain_gauge_ids)):
            found[device_id] = (*found.get(device_id, ()), site)
    return found


def bound_gauges(sites: Mapping[str, Site]) -> Iterator[tuple[str, str, str]]:
    """Yield site, world and device of each gauge whose stored readings a site needs."""
    for site in sites.values():
        for device_id in site.level_gauge_ids:
            yield site.site_id, site.world, device_id


def last_readings(site: Site, state: SiteState) -> Iterator[tuple[Site, str, datetime | None]]:
    """Yield (site, gauge, newest sample time) of every gauge of a site; None for a gauge without a reading.

    For a rain gauge, yield the site's newest sample time less `RAIN_COUNTS`: steps of rain may be missing before its
    last one, and a step that comes twice counts once.
    """
    reported = state.reported_until()
    for device_id in site.depth_gauge_ids:
        yield site, device_id, reported.get(device_id)
    for sensor in site.inputs:
        one = state.inputs.get(sensor.device_id)
        yield site, sensor.device_id, None if one is None else datetime.fromtimestamp(one.time_s, UTC)
    for gauge_id in site.rain_gauge_ids:
        yield site, gauge_id, state.watermark and state.watermark - RAIN_COUNTS
