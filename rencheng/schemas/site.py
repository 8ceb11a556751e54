"""The JSON form of a site: what a file of sites holds, what the API takes and gives. Unknown fields are refused."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile
from rencheng.domain.topic import IDENTIFIER, REGION

Name = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Millimetres = Annotated[float, Field(allow_inf_nan=False, ge=-100_000, le=100_000)]
_Seconds = Annotated[float, Field(allow_inf_nan=False, ge=0, le=86_400)]
_Latitude = Annotated[float, Field(gt=-90, lt=90)]
_Longitude = Annotated[float, Field(ge=-180, le=180)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThresholdForm(_Form):
    """Where a level begins, and who says so: a survey, a rule, a drill."""

    depth_mm: Annotated[float, Field(allow_inf_nan=False, gt=0, le=100_000)]
    source: _Text


class ProfileForm(_Form):
    """By what the site is judged. What is left out is as usual for its type."""

    thresholds: dict[str, ThresholdForm] = Field(default_factory=dict)
    clear_below_mm: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None = None
    up_hold_s: _Seconds | None = None
    down_hold_s: _Seconds | None = None
    horizon_s: _Seconds | None = None

    def to_profile(self, site_type: SiteType) -> ThresholdProfile:
        """The profile of the type, with what this one says instead.

        Raises:
            ValueError: a level has no such name, or the depths do not rise.
        """
        usual = default_profile(site_type)
        words: dict[str, Level] = {level.word: level for level in WARNING_LEVELS}
        if strange := sorted(set(self.thresholds) - set(words)):
            raise ValueError(f"thresholds: {', '.join(strange)} is no level; use {', '.join(words)}")
        said = {words[word]: DepthThreshold(each.depth_mm, each.source) for word, each in self.thresholds.items()}
        numbers = self.model_dump(exclude={"thresholds"}, exclude_none=True)
        return replace(usual, thresholds=usual.thresholds | said, **numbers)


class SensorForm(_Form):
    """What is bound to the site. A device need not be registered yet."""

    device_id: Name
    role: Role = Role.DEPTH
    lowest_point_height_mm: _Millimetres = Field(
        0.0, description="Height of a gauge's zero above the lowest point; it reads d, the lowest point has d + this."
    )


class SiteForm(_Form):
    """A watched place 重点场所."""

    site_id: Name
    type: SiteType
    name_zh: _Text
    name_en: _Text
    region: Annotated[str, StringConstraints(pattern=f"^{REGION.pattern}$")] = Field(
        description="Its district: a six-digit GB/T 2260 code."
    )
    latitude: _Latitude
    longitude: _Longitude
    world: Name = ACTUAL
    radius_m: Annotated[float, Field(allow_inf_nan=False, gt=0, le=50_000)] = 200.0
    polygon: tuple[tuple[_Latitude, _Longitude], ...] = Field(
        (), max_length=200, description="Corners of its area as [latitude, longitude], the first not repeated."
    )
    catchment: Annotated[str, StringConstraints(max_length=64)] = ""
    closing_time_s: _Seconds | None = Field(None, description="What its barrier or crew needs, measured in a drill.")
    profile: ProfileForm = Field(default_factory=ProfileForm)
    sensors: tuple[SensorForm, ...] = Field((), max_length=1000)

    @model_validator(mode="after")
    def _is_a_site(self) -> "SiteForm":
        self.to_site()
        return self

    def to_site(self) -> Site:
        """The site that this form describes.

        Raises:
            ValueError: its parts contradict each other.
        """
        names = [sensor.device_id for sensor in self.sensors]
        if doubles := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"sensors: {', '.join(doubles)} is bound twice")
        bound = (BoundSensor(each.device_id, each.role, each.lowest_point_height_mm) for each in self.sensors)
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
        )


def site_form(site: Site) -> dict[str, Any]:
    """A site in the form in which it can be imported again."""
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
        "profile": {"thresholds": thresholds, **numbers},
        "sensors": [
            {
                "device_id": each.device_id,
                "role": each.role.value,
                "lowest_point_height_mm": each.lowest_point_height_mm,
            }
            for each in site.sensors
        ],
    }


def read_sites(text: str, name: str) -> list[Site]:
    """The sites of a JSON list. All of them, or none: half a city would look like a whole one.

    Raises:
        NotPossible: and what is wrong with which site, up to twenty of them.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotPossible(f"{name}, line {error.lineno}: no JSON: {error.msg}") from None
    if not isinstance(entries, list):
        raise NotPossible(f"{name}: a list of sites is wanted")
    sites: list[Site] = []
    wrong: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            sites.append(SiteForm.model_validate(entry).to_site())
        except ValidationError as error:
            wrong.extend(f"{name}, site {number}{_called(entry)}: {finding}" for finding in findings(error))
    wrong.extend(f"{name}: {finding}" for finding in _doubles(sites))
    if wrong:
        more = [f"and {len(wrong) - _SHOWN_MAX} more"] if len(wrong) > _SHOWN_MAX else []
        raise NotPossible("\n".join([*wrong[:_SHOWN_MAX], *more]))
    return sites


_SHOWN_MAX = 20


def findings(error: ValidationError) -> list[str]:
    """Each finding as `field: what is wrong`."""
    return [
        f"{'.'.join(str(step) for step in each['loc']) or 'site'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False, include_input=False)
    ]


def _doubles(sites: list[Site]) -> list[str]:
    """A name means one site, and a gauge speaks for one site."""
    names = Counter(site.site_id for site in sites)
    found = [f"{times} sites are called {name}" for name, times in names.items() if times > 1]
    owners: dict[str, set[str]] = defaultdict(set)
    for site in sites:
        for device_id in site.depth_gauge_ids:
            owners[device_id].add(site.site_id)
    shared = {device_id: " and ".join(sorted(named)) for device_id, named in owners.items() if len(named) > 1}
    return [*found, *(f"gauge {device_id} cannot speak for both {both}" for device_id, both in shared.items())]


def _called(entry: object) -> str:
    named = entry.get("site_id") if isinstance(entry, Mapping) else None
    return f" ({named})" if isinstance(named, str) else ""
