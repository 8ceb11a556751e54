"""The latest values of many devices in one answer, as JSON and as GeoJSON."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from rencheng.domain.kind import Kind
from rencheng.domain.topic import IDENTIFIER
from rencheng.store.core.sessions import Transactions
from rencheng.store.history.city import BoundingBox, CityFilters, city_latest
from rencheng.store.registry.site_status import LOOK_BACK, worlds_now
from services.api.auth.guard import Caller
from services.api.deps import AfterName, ByRegion, Db, Moment, OneWorld, Zone
from services.api.http.errors import InvalidParameter
from services.api.http.models import ApiModel, Page, example, local, paginate
from services.api.http.rows import items_of, json_response
from services.api.routes.readings.meter_names import name_qualifiers
from services.api.routes.readings.read import ITEMS, WATER_EXAMPLE, MeterValue, SignalEvent, WaterReading

router = APIRouter(tags=["readings"])

GEOJSON = "application/geo+json"

LONGITUDE_MAX, LATITUDE_MAX = 180.0, 90.0

DEVICES_MAX = 100_000
"""The most devices in one answer: more than a city of the size that this platform is built for has."""

OVERLAP = timedelta(minutes=1)
"""Readings are visible some time after they were received. Proposal: a batch is committed within seconds."""

_ABOUT = {
    "device_id": "gauge-7",
    "kind": "waterlogging",
    "region": "370102",
    "world": "actual",
    "site_id": "underpass-3",
    "name": "经十路下穿通道北侧",
    "online": True,
}
_PLACE = {"latitude": 36.6512, "longitude": 117.1201}
_POINT = {"type": "Point", "coordinates": [117.1201, 36.6512]}
_FEATURE = {
    "type": "Feature",
    "id": "gauge-7",
    "geometry": _POINT,
    "properties": {**_ABOUT, "readings": [WATER_EXAMPLE]},
}


class GeoJsonResponse(JSONResponse):
    """An answer in GeoJSON."""

    media_type = GEOJSON


class _DeviceNow(ApiModel):
    device_id: str
    kind: Kind
    region: str
    world: str
    site_id: str | None
    name: str
    online: bool | None
    """null: the device never reported its state."""
    readings: list[WaterReading] | list[SignalEvent] | list[MeterValue]
    """The newest of each channel, or connector and measurand; of signals the newest event. Empty: none in 30 days."""


class DeviceNow(_DeviceNow):
    """A device with its latest values. Its position is WGS-84."""

    model_config = example(**_ABOUT, **_PLACE, readings=[WATER_EXAMPLE])

    latitude: float | None
    longitude: float | None


class CityLatest(Page[DeviceNow]):
    """Devices with their latest values, ordered by name."""

    model_config = example(
        items=[{**_ABOUT, **_PLACE, "readings": [WATER_EXAMPLE]}], next=None, as_of="2026-07-20T16:04:21.5+08:00"
    )

    as_of: datetime
    """A minute before the answer, so that readings which were still being written are in the next one. Send it as
    `changed_since` the next time."""


class Point(ApiModel):
    """A position, WGS-84: longitude, latitude."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class DeviceFeature(ApiModel):
    """A device on a map."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point | None
    """null: the position is unknown."""
    properties: _DeviceNow


class DeviceFeatures(ApiModel):
    """Devices with their latest values as GeoJSON (RFC 7946)."""

    model_config = example(
        type="FeatureCollection", features=[_FEATURE], next=None, as_of="2026-07-20T16:04:21.5+08:00"
    )

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[DeviceFeature]
    next: str | None = Field(description="Send it as `after` to get the next page; null on the last page.")
    as_of: datetime
    """As in the JSON form."""


def _box(
    bbox: Annotated[
        str | None,
        Query(max_length=200, description="west,south,east,north in degrees, WGS-84 (as in GeoJSON)."),
    ] = None,
) -> BoundingBox | None:
    if bbox is None:
        return None
    try:
        west, south, east, north = map(float, bbox.split(","))
    except ValueError:
        west = south = east = north = math.nan
    is_on_earth = all(abs(each) <= LONGITUDE_MAX for each in (west, east))
    if not is_on_earth or not -LATITUDE_MAX <= south <= north <= LATITUDE_MAX:
        raise InvalidParameter("`bbox` is not a box. Send west,south,east,north such as 116.8,36.5,117.3,36.9.")
    return BoundingBox(west, south, east, north)


_SiteIds = Annotated[
    list[Annotated[str, Field(pattern=f"^{IDENTIFIER.pattern}$")]],
    Query(alias="site_id", max_length=1000, description="Devices at this site; may be repeated."),
]


async def _filters(
    caller: Caller,
    kind: Kind,
    world: OneWorld,
    box: Annotated[BoundingBox | None, Depends(_box)],
    *,
    region: ByRegion = None,
    site_ids: _SiteIds = (),  # type: ignore[assignment]
    changed_since: Annotated[
        Moment | None, Query(description="Devices whose newest reading was received then or later. Send `as_of`.")
    ] = None,
) -> CityFilters:
    return CityFilters(kind, world, region, site_ids, box, changed_since, caller.reach)


Filters = Annotated[CityFilters, Depends(_filters)]
DeviceLimit = Annotated[int, Query(ge=1, le=DEVICES_MAX, description="Maximum number of devices in the answer.")]


@router.get(
    "/latest",
    summary="Get the latest values of many devices 全城最新读数",
    operation_id="get_city_latest",
    response_model=CityLatest,
    responses={200: {"content": {GEOJSON: {"schema": {"$ref": "#/components/schemas/DeviceFeatures"}}}}},
)
def get_city_latest(
    database: Db,
    request: Request,
    zone: Zone,
    filters: Filters,
    *,
    after: AfterName = None,
    limit: DeviceLimit = 1000,
) -> Response:
    """Return devices of one kind with their latest values: of a region, a box or sites, or those that changed.

    Devices in service, without a limit of a thousand: 100,000 fit into one answer. With `Accept: application/geo+json`
    it is GeoJSON. After an outage of the database ask once without `changed_since`.
    """
    items, named = _read(database, zone, filters, after, limit)
    if GEOJSON in request.headers.get("accept", ""):
        return _features(items, named)
    return json_response({"items": items, **named})


@router.get(
    "/latest.geojson",
    summary="Get the latest values as GeoJSON 全城最新读数（GeoJSON）",
    operation_id="get_city_latest_geojson",
    response_model=DeviceFeatures,
    response_class=GeoJsonResponse,
)
def get_city_latest_geojson(
    database: Db, zone: Zone, filters: Filters, *, after: AfterName = None, limit: DeviceLimit = 1000
) -> Response:
    """Return the same as a collection of points in WGS-84, for maps that cannot set a header."""
    return _features(*_read(database, zone, filters, after, limit))


def _read(
    database: Transactions, zone: ZoneInfo, filters: CityFilters, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read devices; return them, and the other members of the answer."""
    as_of = datetime.now(UTC) - OVERLAP
    with database.read() as connection:
        now = worlds_now(connection, [filters.world]).get(filters.world, as_of)
        found = city_latest(connection, filters, since=now - LOOK_BACK, after=after, limit=limit + 1)
    page, following = paginate(found, limit, lambda each: str(each[0]["device_id"]))
    abouts = items_of(DeviceNow, [about for about, _ in page], zone)
    readings = items_of(ITEMS[filters.kind], [row for _, rows in page for row in rows], zone)
    name_qualifiers(readings)
    rest = iter(readings)
    for about, (_, rows) in zip(abouts, page, strict=True):
        about["readings"] = [next(rest) for _ in rows]
    return abouts, {"next": following, "as_of": local(as_of, zone)}


def _features(items: Sequence[dict[str, Any]], named: dict[str, Any]) -> Response:
    content = {"type": "FeatureCollection", "features": [_feature(item) for item in items], **named}
    response = json_response(content)
    response.headers["content-type"] = GEOJSON
    return response


def _feature(item: dict[str, Any]) -> dict[str, Any]:
    place = item.pop("longitude"), item.pop("latitude")
    geometry = None if None in place else {"type": "Point", "coordinates": place}
    return {"type": "Feature", "id": item["device_id"], "geometry": geometry, "properties": item}
