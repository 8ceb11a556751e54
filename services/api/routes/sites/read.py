"""Sites: the watched places and their present state."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from rencheng.domain.level import LevelWord
from rencheng.domain.sensor import Role
from rencheng.domain.site import SiteType, ThresholdProfile
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.registry import site_status
from rencheng.store.registry.bindings import sensors_by_site
from rencheng.store.registry.site_status import GaugeStatus, SiteFilters, SiteStatus
from rencheng.store.registry.sites import profile_authors, profile_to_json, profile_versions
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import AfterName, ByRegion, ByWorld, Db, Limit, SiteId, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, level_word, local, paginate
from services.api.http.monitoring import MONITORING, MonitoringState, present_monitoring

router = APIRouter(prefix="/sites", tags=["sites"])

_DEPTH = {
    "device_id": "gauge-7",
    "channel": 0,
    "depth_mm": 152.0,
    "time": "2026-07-20T16:05:00+08:00",
    "age_s": 21.5,
}
_SITE = {
    "site_id": "underpass-3",
    "name_zh": "经十路下穿通道",
    "name_en": "Jingshi Road underpass",
    "site_type": "underpass",
    "region": "370102",
    "world": "actual",
    "latitude": 36.6512,
    "longitude": 117.1201,
    "radius_m": 200.0,
    "monitoring": MONITORING,
    "level": "yellow",
    "warning_id": "underpass-3-20260720T080100Z",
    "doubtful": None,
    "doubt_id": None,
    "depth_mm": 152.0,
    "latest": _DEPTH,
    "now": "2026-07-20T16:05:21.5+08:00",
}
_THRESHOLDS = {
    "blue": {"depth_mm": 50.0, "source": "survey of 2026-05"},
    "yellow": {"depth_mm": 150.0, "source": "survey of 2026-05"},
    "orange": {"depth_mm": 200.0, "source": "survey of 2026-05"},
    "red": {"depth_mm": 250.0, "source": "survey of 2026-05"},
}
_PROFILE = {
    "version": 2,
    "since": "2026-05-08T09:30:00+08:00",
    "thresholds": _THRESHOLDS,
    "clear_below_mm": 30.0,
    "up_hold_s": 0.0,
    "down_hold_s": 600.0,
    "horizon_s": 600.0,
    "made_by": "key 5f0c2a9b1d3e4f60 (duty)",
}


class Depth(ApiModel):
    """A usable depth and its age at the present time of the site's world."""

    model_config = example(**_DEPTH)

    device_id: str
    channel: int
    depth_mm: float
    time: datetime
    age_s: float


class Site(ApiModel):
    """A watched place 重点场所 and its present state."""

    model_config = example(**_SITE)

    site_id: str
    name_zh: str
    name_en: str
    site_type: SiteType
    region: str
    world: str
    latitude: float
    longitude: float
    radius_m: float
    monitoring: MonitoringState
    level: LevelWord | None
    """The level of the warning in force; null without the scope `warnings:read`."""
    warning_id: str | None
    """The warning in force; null if there is none, and without the scope `warnings:read`."""
    doubtful: LevelWord | None
    """The level whose threshold a gauge reports without proof; null if nothing is doubtful, and without the scope."""
    doubt_id: str | None
    """The doubt, which a person who looks can answer; null if nothing is doubtful, and without the scope."""
    depth_mm: float | None
    """The depth now, of the deepest gauge with data; null while the site has no data."""
    latest: Depth | None
    """The source of `depth_mm`; without data, the last usable depth of the past 30 days."""
    now: datetime | None
    """The wall clock; in an exercise the newest reading time, null before the first reading."""


class Sites(Page[Site]):
    """A page of sites."""

    model_config = example(items=[_SITE], next=None)


class Threshold(ApiModel):
    """The depth at which a level begins, and the source of the value."""

    depth_mm: float
    source: str


class Gauge(ApiModel):
    """A gauge of a site with its newest usable depth."""

    device_id: str
    monitoring: MonitoringState
    latest: Depth | None


class Sensor(ApiModel):
    """A device that is bound to a site, its role, and the height of its zero above the site's lowest point.

    `lag_s` is of a gauge upstream, `crown_mm` and `rim_mm` are of one in a manhole; null otherwise.
    """

    device_id: str
    role: Role
    lowest_point_height_mm: float
    lag_s: float | None
    crown_mm: float | None
    rim_mm: float | None


class SiteInDetail(Site):
    """A site with its gauges, bound devices and thresholds."""

    model_config = example(
        **_SITE,
        gauges=[{"device_id": "gauge-7", "monitoring": MONITORING, "latest": _DEPTH}],
        thresholds=_THRESHOLDS,
        profile_version=1,
        polygon=[[36.6510, 117.1198], [36.6514, 117.1198], [36.6512, 117.1204]],
        catchment="Yangtougou",
        closing_time_s=45.0,
        verify_by="camera 12",
        sensors=[
            {"device_id": "gauge-7", "role": "depth", "lowest_point_height_mm": 20.0}
            | dict.fromkeys(("lag_s", "crown_mm", "rim_mm")),
        ],
    )

    gauges: list[Gauge]
    thresholds: dict[LevelWord, Threshold]
    profile_version: int
    polygon: list[tuple[float, float]]
    """The corners of its area, [latitude, longitude]; empty if it was not drawn."""
    catchment: str
    closing_time_s: float | None
    """How long closing the site takes, measured in a drill; null if it was not measured."""
    verify_by: str
    """The camera or patrol that can look at the site; empty if none is known."""
    sensors: list[Sensor]


class Profile(ApiModel):
    """A version of a site's thresholds. The grounds of a warning name the version that applied."""

    model_config = example(**_PROFILE)

    version: int
    since: datetime
    thresholds: dict[LevelWord, Threshold]
    clear_below_mm: float
    up_hold_s: float
    down_hold_s: float
    horizon_s: float
    made_by: str | None
    """Who set it; null without the scope `operate` or `admin`, and for versions of before authors were kept."""


class Profiles(ApiModel):
    """All versions of a site's thresholds, newest first."""

    model_config = example(items=[_PROFILE])

    items: list[Profile]


@router.get("", summary="List sites 场所列表", operation_id="list_sites")
def list_sites(
    database: Db,
    caller: Caller,
    zone: Zone,
    *,
    region: ByRegion = None,
    world: ByWorld,
    after: AfterName = None,
    limit: Limit = 100,
) -> Sites:
    """Return sites ordered by name, with level, depth and monitoring."""
    with database.read() as connection:
        filters = SiteFilters(region=region, world=world, reach=caller.reach)
        statuses = site_status.list_sites(connection, filters, after=after, limit=limit + 1)
    page, following = paginate(statuses, limit, lambda site: str(site.site["site_id"]))
    return Sites(items=[Site.model_validate(_present_site(site, zone, caller)) for site in page], next=following)


@router.get(
    "/{site_id}",
    summary="Get a site 单个场所",
    operation_id="get_site",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_site(database: Db, caller: Caller, zone: Zone, site_id: SiteId) -> SiteInDetail:
    """Return a site with its gauges, and the depths at which its levels begin."""
    with database.read() as connection:
        site = site_status.find_site(connection, site_id)
        sensors = sensors_by_site(connection, [site_id]).get(site_id, ())
    if site is None:
        raise NotFound(f"There is no site {site_id!r}.")
    profile = site.site["profile"]
    detail = {
        "gauges": [
            {
                "device_id": gauge.device_id,
                "monitoring": present_monitoring(gauge.monitoring, zone),
                "latest": _present_depth(site, gauge, zone),
            }
            for gauge in site.gauges
        ],
        "thresholds": profile["thresholds"],
        "profile_version": profile["version"],
        **{name: site.site[name] for name in ("polygon", "catchment", "closing_time_s", "verify_by")},
        "sensors": [asdict(sensor) for sensor in sensors],
    }
    return SiteInDetail.model_validate(_present_site(site, zone, caller) | detail)


@router.get(
    "/{site_id}/profiles",
    summary="List versions of the thresholds 阈值版本",
    operation_id="list_site_profiles",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def list_site_profiles(database: Db, caller: Caller, zone: Zone, site_id: SiteId) -> Profiles:
    """Return all versions of a site's thresholds. The grounds of a warning name the version that applied."""
    with database.read() as connection:
        versions = profile_versions(connection, site_id)
        authors = profile_authors(connection, site_id) if caller.sees_authors else {}
    if not versions:
        raise NotFound(f"There is no site {site_id!r}.")
    return Profiles(items=[_profile(profile, since, authors, zone) for profile, since in versions])


def _profile(profile: ThresholdProfile, since: datetime, authors: Mapping[int, str], zone: ZoneInfo) -> Profile:
    more = {"since": local(since, zone), "made_by": authors.get(profile.version)}
    return Profile.model_validate(profile_to_json(profile) | more)


def _present_site(site: SiteStatus, zone: ZoneInfo, caller: Principal) -> dict[str, Any]:
    sees_warnings = caller.has(KeyScope.WARNINGS_READ)
    return dict(site.site) | {
        "monitoring": present_monitoring(site.monitoring, zone),
        "level": level_word(site.level) if sees_warnings else None,
        "warning_id": site.warning_id if sees_warnings else None,
        "doubtful": level_word(site.doubtful) if sees_warnings and site.doubtful else None,
        "doubt_id": site.doubt_id if sees_warnings else None,
        "depth_mm": site.depth_mm,
        "latest": _present_depth(site, site.shown_gauge, zone) if site.shown_gauge else None,
        "now": local(site.now, zone) if site.now else None,
    }


def _present_depth(site: SiteStatus, gauge: GaugeStatus, zone: ZoneInfo) -> dict[str, Any] | None:
    if gauge.time is None:
        return None
    return {
        "device_id": gauge.device_id,
        "channel": gauge.channel,
        "depth_mm": gauge.depth_mm,
        "time": local(gauge.time, zone),
        "age_s": site.age_s(gauge),
    }
