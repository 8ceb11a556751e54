"""The sites of a back-test, read from JSON. An unknown type or missing thresholds get a default, with a remark."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile

WORLD = "backtest"
"""The exercise in which a back-test runs."""

Remarks = dict[str, list[str]]
"""Each remark, with the sites that it concerns."""

REGION = "000000"
"""Not a region of GB/T 2260, because a back-test does not use the position of a site."""


def read_sites(text: str, name: str) -> tuple[dict[str, Site], list[str]]:
    """Return the sites by their identifier, and remarks for the user.

    Args:
        text: a JSON list of `{site_id, type, thresholds_mm: {blue, yellow, orange, red}, depth_gauge_ids: [...],
            rain_gauge_ids: [...]}`. `rain_gauge_ids` is optional; other keys are ignored. `devices` and `gauges`, the
            former names of the last two, are still read.
        name: the name of the file, for errors.

    Raises:
        NotPossible: the text is not such a list, or two sites have the same gauge or the same identifier.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotPossible(f"{name}, line {error.lineno}: not JSON: {error.msg}") from None
    if not isinstance(entries, list):
        raise NotPossible(f"{name}: a list of sites is expected, not {_kind(entries)}")
    sites: dict[str, Site] = {}
    owners: dict[str, str] = {}
    remarks: Remarks = defaultdict(list)
    for number, entry in enumerate(entries, 1):
        try:
            site = _site(entry, remarks)
            _reject_repetitions(site, sites, owners)
        except (ValueError, OverflowError) as error:
            raise NotPossible(f"{name}, site {number}{_label(entry)}: {error}") from None
        sites[site.site_id] = site
        owners |= dict.fromkeys(site.depth_gauge_ids, site.site_id)
    return sites, [f"{remark} ({len(of):,} sites, such as {of[0]})" for remark, of in remarks.items()]


def _site(entry: object, remarks: Remarks) -> Site:
    if not isinstance(entry, Mapping):
        raise ValueError(f"an object is expected, not {_kind(entry)}")  # noqa: TRY004 - one error for all faults
    site_id = entry.get("site_id")
    if not isinstance(site_id, str) or not site_id:
        raise ValueError("site_id is missing, or is not a text")
    site_type = _type(entry.get("type"), site_id, remarks)
    return Site(
        site_id=site_id,
        name_zh=site_id,
        name_en=site_id,
        site_type=site_type,
        region=REGION,
        latitude=0.0,
        longitude=0.0,
        profile=_profile(entry.get("thresholds_mm"), site_type, site_id, remarks),
        world=WORLD,
        depth_gauge_ids=_gauge_ids(entry, "depth_gauge_ids", "devices"),
        rain_gauge_ids=_gauge_ids(entry, "rain_gauge_ids", "gauges", default=()),
    )


def _type(word: object, site_id: str, remarks: Remarks) -> SiteType:
    try:
        return SiteType(cast("str", word))
    except ValueError:
        remarks[f"type {word!r} is unknown and treated as road"].append(site_id)
        return SiteType.ROAD


def _profile(thresholds_mm: object, site_type: SiteType, site_id: str, remarks: Remarks) -> ThresholdProfile:
    if thresholds_mm is None:
        remarks[f"no thresholds_mm; the defaults of type {site_type} are used"].append(site_id)
        return default_profile(site_type)
    if not isinstance(thresholds_mm, Mapping):
        raise ValueError(f"thresholds_mm must be an object, not {_kind(thresholds_mm)}")  # noqa: TRY004
    depths = {level: thresholds_mm.get(level.word) for level in WARNING_LEVELS}
    if wrong := [level.word for level, mm in depths.items() if not _is_number(mm)]:
        raise ValueError(f"thresholds_mm needs a number for {', '.join(wrong)}")
    return ThresholdProfile(
        {level: DepthThreshold(float(cast("float", mm)), "given to the back-test") for level, mm in depths.items()}
    )


def _gauge_ids(entry: Mapping[str, object], key: str, former_key: str, default: object = None) -> tuple[str, ...]:
    given = next((name for name in (key, former_key) if entry.get(name) is not None), key)
    names = default if entry.get(given) is None else entry[given]
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise ValueError(f"{given} must be a list")  # noqa: TRY004
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{given} must be a list of identifiers")
    return tuple(dict.fromkeys(names))


def _is_number(value: object) -> bool:
    """Return whether a JSON value is a finite number; `true` and NaN are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _reject_repetitions(site: Site, sites: Mapping[str, Site], owners: Mapping[str, str]) -> None:
    """Reject a site whose identifier or depth gauge an earlier site has."""
    if site.site_id in sites:
        raise ValueError("the list has two sites with this identifier")
    shared = next((device_id for device_id in site.depth_gauge_ids if device_id in owners), None)
    if shared is not None:
        raise ValueError(f"depth gauge {shared} is already bound to site {owners[shared]}")


def _label(entry: object) -> str:
    """Return the identifier of an entry in brackets; empty without one."""
    site_id = entry.get("site_id") if isinstance(entry, Mapping) else None
    return f" ({site_id})" if isinstance(site_id, str) else ""


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")
