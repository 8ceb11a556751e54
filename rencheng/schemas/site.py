"""The JSON form of a site in files and in the API. Unknown fields are rejected."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.reserved_names import why_reserved
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile
from rencheng.schemas.fields import DistrictCode, Identifier, ShortText, Text
from rencheng.schemas.findings import join_findings, validation_findings

_Millimetres = Annotated[float, Field(allow_inf_nan=False, ge=-100_000, le=100_000)]
_Seconds = Annotated[float, Field(allow_inf_nan=False, ge=0, le=86_400)]
_OF_ROLE = ("lag_s", "crown_mm", "rim_mm")
_Latitude = Annotated[float, Field(gt=-90, lt=90)]
_Longitude = Annotated[float, Field(ge=-180, le=180)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThresholdForm(_Form):
    """The depth at which a level begins, and its source: a survey, a rule or a drill."""

    depth_mm: Annotated[float, Field(allow_inf_nan=False, gt=0, le=100_000)]
    source: Text


class ProfileForm(_Form):
    """The thresholds and times by which a site is evaluated. A missing value is the default of its type."""

    thresholds: dict[str, ThresholdForm] = Field(default_factory=dict)
    clear_below_mm: Annotated[float, Field(allow_inf_nan=False, ge=0, le=100_000)] | None = None
    up_hold_s: _Seconds | None = None
    down_hold_s: _Seconds | None = None
    horizon_s: _Seconds | None = None

    def to_profile(self, site_type: SiteType) -> ThresholdProfile:
        """Return the default profile of the type, with the given values in place.

        Raises:
            ValueError: a level is unknown, or the depths do not rise.
        """
        default = default_profile(site_type)
        words: dict[str, Level] = {level.word: level for level in WARNING_LEVELS}
        if unknown := sorted(set(self.thresholds) - set(words)):
            raise ValueError(f"thresholds: {', '.join(unknown)} is not a level; use {', '.join(words)}")
        given = {words[word]: DepthThreshold(each.depth_mm, each.source) for word, each in self.thresholds.items()}
        numbers = self.model_dump(exclude={"thresholds"}, exclude_none=True)
        return replace(default, thresholds=default.thresholds | given, **numbers)


class SensorForm(_Form):
    """A sensor of the site. The device need not be registered yet."""

    device_id: Identifier
    role: Role = Role.DEPTH
    lowest_point_height_mm: _Millimetres = Field(
        0.0, description="Height of the gauge's zero above the lowest point. Depth there = reading + this height."
    )

    lag_s: _Seconds | None = Field(
        None, description="Of role upstream: how long the water takes to the site. Without it, it is learned."
    )
    crown_mm: _Millimetres | None = Field(None, description="Of role manhole: the reading at which the sewer is full.")
    rim_mm: _Millimetres | None = Field(None, description="Of role manhole: the reading at which water comes out.")

    def to_sensor(self) -> BoundSensor:
        """Return the sensor.

        Raises:
            ValueError: a field does not belong to the role, or the role lacks one.
        """
        return BoundSensor(
            self.device_id, self.role, self.lowest_point_height_mm, self.lag_s, self.crown_mm, self.rim_mm
        )


class SiteForm(_Form):
    """A site 重点场所: a place that is monitored."""

    site_id: Identifier
    type: SiteType
    name_zh: Text
    name_en: Text
    region: DistrictCode = Field(description="The district: a six-digit GB/T 2260 code.")
    latitude: _Latitude
    longitude: _Longitude
    world: Identifier = ACTUAL
    radius_m: Annotated[float, Field(allow_inf_nan=False, ge=1, le=50_000)] = 200.0
    polygon: tuple[tuple[_Latitude, _Longitude], ...] = Field(
        (), max_length=200, description="Corners of the area as [latitude, longitude], without repeating the first."
    )
    catchment: ShortText | Literal[""] = ""
    closing_time_s: _Seconds | None = Field(None, description="Time to close the site, measured in a drill.")
    verify_by: ShortText | Literal[""] = Field("", description="The camera or patrol that can look at the site.")
    profile: ProfileForm = Field(default_factory=ProfileForm)
    sensors: tuple[SensorForm, ...] = Field((), max_length=1000)

    @model_validator(mode="after")
    def _check_site(self) -> "SiteForm":
        if why := why_reserved(self.site_id) or why_reserved(self.world, is_world=True):
            raise ValueError(why)
        self.to_site()
        return self

    def to_site(self) -> Site:
        """Return the site.

        Raises:
            ValueError: the fields contradict each other.
        """
        device_ids = [sensor.device_id for sensor in self.sensors]
        if repeated := sorted({each for each in device_ids if device_ids.count(each) > 1}):
            raise ValueError(f"sensors: {', '.join(repeated)} is bound twice")
        bound = (each.to_sensor() for each in self.sensors)
        return Site(
            site_id=self.site_id,
            name_zh=self.name_zh,
            name_en=self.name_en,
            site_type=self.type,
            region=self.region,
            latitude=self.latitude,
            longitude=self.longitude,
            profile=self.profile.to_profile(self.type),
            radius_m=self.radius_m,
            world=self.world,
            sensors=tuple(sorted(bound, key=lambda sensor: sensor.device_id)),
            polygon=self.polygon,
            catchment=self.catchment,
            closing_time_s=self.closing_time_s,
            verify_by=self.verify_by,
        )


def site_form(site: Site) -> dict[str, Any]:
    """Return a site in the form in which it can be imported."""
    profile = site.profile
    thresholds = {
        level.word: {"depth_mm": profile.thresholds[level].depth_mm, "source": profile.thresholds[level].source}
        for level in WARNING_LEVELS
    }
    numbers = {name: getattr(profile, name) for name in ProfileForm.model_fields if name != "thresholds"}
    return {
        "site_id": site.site_id,
        "type": site.site_type.value,
        "name_zh": site.name_zh,
        "name_en": site.name_en,
        "region": site.region,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "world": site.world,
        "radius_m": site.radius_m,
        "polygon": [list(corner) for corner in site.polygon],
        "catchment": site.catchment,
        "closing_time_s": site.closing_time_s,
        "verify_by": site.verify_by,
        "profile": {"thresholds": thresholds, **numbers},
        "sensors": [
            {
                "device_id": each.device_id,
                "role": each.role.value,
                "lowest_point_height_mm": each.lowest_point_height_mm,
                **{name: value for name in _OF_ROLE if (value := getattr(each, name)) is not None},
            }
            for each in site.sensors
        ],
    }


def read_sites(text: str, name: str) -> list[Site]:
    """Read the sites of a JSON list, all or none, because a partial list is easily taken for a complete one.

    Raises:
        NotPossible: the error lists up to 20 findings with their sites.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotPossible(f"{name}, line {error.lineno}: not JSON: {error.msg}") from None
    if not isinstance(entries, list):
        raise NotPossible(f"{name}: a list of sites is expected")
    sites: list[Site] = []
    findings: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            sites.append(SiteForm.model_validate(entry).to_site())
        except ValidationError as error:
            found = validation_findings(error, "site")
            findings += [f"{name}, site {number}{_label(entry)}: {finding}" for finding in found]
    findings += [f"{name}: {finding}" for finding in _repetitions(sites)]
    if findings:
        raise NotPossible(join_findings(findings))
    return sites


def _repetitions(sites: list[Site]) -> list[str]:
    """Return identifiers that several sites have, and depth gauges that several sites claim."""
    names = Counter(site.site_id for site in sites)
    found = [f"{times} sites have the identifier {name}" for name, times in names.items() if times > 1]
    owners: dict[str, set[str]] = defaultdict(set)
    for site in sites:
        for device_id in site.depth_gauge_ids:
            owners[device_id].add(site.site_id)
    shared = {device_id: " and ".join(sorted(named)) for device_id, named in owners.items() if len(named) > 1}
    return [*found, *(f"depth gauge {device_id} cannot be bound to both {both}" for device_id, both in shared.items())]


def _label(entry: object) -> str:
    """Return the identifier of an entry in brackets; empty without one."""
    site_id = entry.get("site_id") if isinstance(entry, Mapping) else None
    return f" ({site_id})" if isinstance(site_id, str) else ""
