"""The sites of a back-test, read from JSON. An unknown type or missing thresholds get a default, with a remark."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile
from rencheng.schemas.findings import validation_findings
from rencheng.schemas.site import ProfileForm, SensorForm

WORLD = "backtest"
"""The exercise in which a back-test runs."""

Remarks = dict[str, list[str]]
"""Each remark, with the sites that it concerns."""

CAUTIOUS = SiteType.UNDERPASS
"""The type of a site whose type is unknown: people may drown there until somebody says otherwise."""

NEVER_MM = 100_000.0
"""The threshold of a level above the last one that is given: deeper than any gauge measures (10,000 mm)."""

REGION = "000000"
"""Not a region of GB/T 2260, because a back-test does not use the position of a site."""


class RegistryFields(BaseModel):
    """The fields of a site that are read in the registry's form."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    latitude: Annotated[float, Field(gt=-90, lt=90)] = 0.0
    longitude: Annotated[float, Field(ge=-180, le=180)] = 0.0
    catchment: str = ""
    closing_time_s: Annotated[float, Field(allow_inf_nan=False, ge=0, le=86_400)] | None = None
    profile: ProfileForm = Field(default_factory=ProfileForm)
    sensors: tuple[SensorForm, ...] = ()


def read_sites(text: str, name: str) -> tuple[dict[str, Site], list[str]]:
    """Return the sites by their identifier, and remarks for the user.

    Args:
        text: a JSON list of `{site_id, type, thresholds_mm: {blue, yellow, orange, red}, depth_gauge_ids: [...],
            rain_gauge_ids: [...]}`, where `type`, levels and `rain_gauge_ids` may be missing. `devices` and `gauges`,
            the former names of the last two, are still read; so are the registry's `sensors`, `profile`, `catchment`,
            `closing_time_s`, `latitude` and `longitude`. Other keys are ignored.
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
        except ValidationError as error:
            finding = "; ".join(validation_findings(error, "site"))
            raise NotPossible(f"{name}, site {number}{_label(entry)}: {finding}") from None
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
    fields = RegistryFields.model_validate(entry)
    return Site(
        site_id=site_id,
        name_zh=site_id,
        name_en=site_id,
        site_type=site_type,
        region=REGION,
        latitude=fields.latitude,
        longitude=fields.longitude,
        profile=_profile(entry, fields.profile, site_type, remarks),
        world=WORLD,
        sensors=_sensors(entry, fields.sensors),
        catchment=fields.catchment,
        closing_time_s=fields.closing_time_s,
    )


def _type(word: object, site_id: str, remarks: Remarks) -> SiteType:
    try:
        return SiteType(cast("str", word))
    except ValueError:
        remarks[f"type {word!r} is unknown and treated as {CAUTIOUS}, the most cautious"].append(site_id)
        return CAUTIOUS


def _profile(entry: Mapping[str, object], form: ProfileForm, site_type: SiteType, remarks: Remarks) -> ThresholdProfile:
    thresholds_mm = entry.get("thresholds_mm")
    if thresholds_mm is None:
        if not form.thresholds:
            remarks[f"no thresholds_mm; the defaults of type {site_type} are used"].append(str(entry["site_id"]))
        return form.to_profile(site_type)
    if not isinstance(thresholds_mm, Mapping):
        raise ValueError(f"thresholds_mm must be an object, not {_kind(thresholds_mm)}")  # noqa: TRY004
    given = {level: thresholds_mm[level.word] for level in WARNING_LEVELS if level.word in thresholds_mm}
    if wrong := [level.word for level, mm in given.items() if not _is_number(mm)]:
        raise ValueError(f"thresholds_mm needs a number for {', '.join(wrong)}")
    if not given:
        raise ValueError(f"thresholds_mm needs one of {', '.join(level.word for level in WARNING_LEVELS)}")
    return replace(form.to_profile(site_type), thresholds=_completed(given))


def _completed(given: Mapping[Level, object]) -> dict[Level, DepthThreshold]:
    """Return a threshold for each level: a level that is not given is the next higher one; above the last, never."""
    found = {}
    depth_mm = NEVER_MM
    for level in reversed(WARNING_LEVELS):
        depth_mm = float(cast("float", given.get(level, depth_mm)))
        found[level] = DepthThreshold(depth_mm, "given to the back-test")
    return found


def _sensors(entry: Mapping[str, object], forms: Iterable[SensorForm]) -> tuple[BoundSensor, ...]:
    """Return the sensors in the registry's form, and after them those of the two lists that it does not have."""
    found = {form.device_id: form.to_sensor() for form in forms}
    default = () if found else None
    found |= {
        name: BoundSensor(name)
        for name in _gauge_ids(entry, "depth_gauge_ids", "devices", default)
        if name not in found
    }
    rain = _gauge_ids(entry, "rain_gauge_ids", "gauges", default=())
    found |= {name: BoundSensor(name, Role.RAIN) for name in rain if name not in found}
    return tuple(found.values())


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
