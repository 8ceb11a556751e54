"""The sites that a gauge belongs to."""

from collections.abc import Mapping

from rencheng.domain.site import Site


def sites_by_device(sites: Mapping[str, Site]) -> dict[str, tuple[Site, ...]]:
    """Return the sites of each depth and rain gauge, in the order of their names."""
    found: dict[str, tuple[Site, ...]] = {}
    for site in sorted(sites.values(), key=lambda site: site.site_id):
        for device_id in dict.fromkeys((*site.depth_gauge_ids, *site.rain_gauge_ids)):
            found[device_id] = (*found.get(device_id, ()), site)
    return found
