"""The sites of a back-test, read from JSON. What can be taken another way is taken so, with a word about it."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile

WORLD = "backtest"
"""The exercise in which everything here happens."""

Remarks = dict[str, list[str]]
"""What is to be said, and of which sites."""

REGION = "000000"
"""No region of GB/T 2260: a back-test does not ask where a place lies."""


def read_sites(text: str, name: str) -> tuple[dict[str, Site], list[str]]:
    """The sites by their id, and remarks for whoever asked.

    Args:
        text: a JSON list of `{site_id, type, thresholds_mm: {blue, yellow, orange, red}, devices: [...],
            gauges: [...]}`; `gauges` may be left out, other keys are not looked at.
        name: what an error calls the file.

    Raises:
        NotPossible: it is no such list, or two sites claim one device or one name.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotPossible(f"{name}, line {error.lineno}: no JSON: {error.msg}") from None
    if not isinstance(entries, list):
        raise NotPossible(f"{name}: a list of sites is wanted, not {_kind(entries)}")
    sites: dict[str, Site] = {}
    owners: dict[str, str] = {}
    remarks: Remarks = defaultdict(list)
    for number, entry in enumerate(entries, 1):
        try:
            site = _site(entry, remarks)
            _refuse_doubles(site, sites, owners)
        except (ValueError, OverflowError) as error:
            raise NotPossible(f"{name}, site {number}{_called(entry)}: {error}") from None
        sites[site.site_id] = site
        owners |= dict.fromkeys(site.depth_gauge_ids, site.site_id)
    return sites, [f"{said} ({len(of):,} sites, {of[0]} among them)" for said, of in remarks.items()]


def _site(entry: object, remarks: Remarks) -> Site:
    if not isinstance(entry, Mapping):
        raise ValueError(f"an object is wanted, not {_kind(entry)}")  # noqa: TRY004 - one error for all that is wrong
    site_id = entry.get("site_id")
    if not isinstance(site_id, str) or not site_id:
        raise ValueError("site_id is missing, or is no text")
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
        depth_gauge_ids=_names(entry.get("devices"), "devices"),
        rain_gauge_ids=_names([] if entry.get("gauges") is None else entry.get("gauges"), "gauges"),
    )


def _type(word: object, site_id: str, remarks: Remarks) -> SiteType:
    try:
        return SiteType(cast("str", word))
    except ValueError:
        remarks[f"type {word!r} is not known here and taken as road"].append(site_id)
        return SiteType.ROAD


def _profile(thresholds_mm: object, site_type: SiteType, site_id: str, remarks: Remarks) -> ThresholdProfile:
    if thresholds_mm is None:
        remarks[f"no thresholds_mm; judged by those of a {site_type}"].append(site_id)
        return default_profile(site_type)
    if not isinstance(thresholds_mm, Mapping):
        raise ValueError(f"thresholds_mm must be an object, not {_kind(thresholds_mm)}")  # noqa: TRY004
    depths = {level: thresholds_mm.get(level.word) for level in WARNING_LEVELS}
    if wrong := [level.word for level, mm in depths.items() if not _is_number(mm)]:
        raise ValueError(f"thresholds_mm needs a number for {', '.join(wrong)}")
    return ThresholdProfile(
        {level: DepthThreshold(float(cast("float", mm)), "asked for") for level, mm in depths.items()}
    )


def _names(names: object, key: str) -> tuple[str, ...]:
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{key} must be a list of names")
    return tuple(dict.fromkeys(names))


def _is_number(value: object) -> bool:
    """JSON lets true and NaN pass for numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse_doubles(site: Site, sites: Mapping[str, Site], owners: Mapping[str, str]) -> None:
    """A name means one site, and a gauge speaks for one site, as in life."""
    if site.site_id in sites:
        raise ValueError("the list has two sites of this name")
    shared = next((device_id for device_id in site.depth_gauge_ids if device_id in owners), None)
    if shared is not None:
        raise ValueError(f"device {shared} belongs to site {owners[shared]} already")


def _called(entry: object) -> str:
    named = entry.get("site_id") if isinstance(entry, Mapping) else None
    return f" ({named})" if isinstance(named, str) else ""


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")
