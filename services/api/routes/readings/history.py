"""History: readings aggregated by bucket. A bucket without readings is absent, never 0."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import AliasChoices, Field

from rencheng.domain.kind import Kind
from rencheng.domain.meter import MeterLocation, Phase, sampled_names
from rencheng.domain.reading import Measurand
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.history.from_rollups import history_of
from rencheng.store.history.plan import NotKept
from rencheng.store.history.raw import TimeRange
from rencheng.store.registry import site_status
from services.api.deps import Db, DeviceId, From, SiteId, To, Zone
from services.api.http import buckets
from services.api.http.buckets import ROWS_MAX, Width
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.rows import items_of, json_response
from services.api.routes.devices.read import find_or_404
from services.api.routes.readings.meter_names import name_qualifiers

router = APIRouter(tags=["history"], responses=problem_responses(HTTPStatus.NOT_FOUND))

_AT = "2026-07-20T16:05:00+08:00"
_DEPTHS = {
    "time": _AT,
    "device_id": "gauge-7",
    "channel": 0,
    "depth_mm_min": 96.0,
    "depth_mm_avg": 121.4,
    "depth_mm_max": 152.0,
    "rain_mm": 6.2,
    "count": 5,
    "usable": 4,
    "unusable": 1,
    "quality": 1,
    "flags": ["missing"],
}
_EVENTS = {"time": _AT, "event_id": 1, "count": 12}
_VALUES = {
    "time": _AT,
    "connector_id": 1,
    "measurand": "power_kw",
    "phase": None,
    "location": None,
    "context": None,
    "avg": 57.9,
    "min": 56.1,
    "max": 58.8,
    "last": 58.2,
    "last_status": None,
    "last_error_code": None,
    "count": 5,
    "quality": 0,
    "flags": [],
}


class _Bucket(ApiModel):
    time: datetime = Field(
        validation_alias=AliasChoices("bucket", "time"),
        description="The start of the bucket. `from` and `to` may cut the first and the last bucket short.",
    )
    count: int
    """The number of all readings in the bucket."""


class _FlaggedBucket(_Bucket):
    quality: int
    """The flags of all readings in the bucket combined; `flags` has their names."""
    flags: list[str]


class WaterBucket(_FlaggedBucket):
    """Depth and rain 水深与雨量. Depths flagged `missing` or `gross_range` enter only the counts."""

    model_config = example(**_DEPTHS)

    device_id: str
    channel: int
    depth_mm_min: float | None
    """null, like the mean and the maximum, if the bucket has no usable depth. Never read it as 0."""
    depth_mm_avg: float | None
    depth_mm_max: float | None
    rain_mm: float | None
    """The sum; null if no reading has a rain value."""
    usable: int
    """The number of readings with a plausible depth."""
    unusable: int
    """The number of readings whose depth is missing or impossible."""


class SignalBucket(_Bucket):
    """The number of events with one event number 信号机事件计数."""

    model_config = example(**_EVENTS)

    event_id: int


class ChargingBucket(_FlaggedBucket):
    """Values of one connector and measurand, of one phase, location and context 充电桩计量值."""

    model_config = example(**_VALUES)

    connector_id: int
    measurand: str
    phase: str | None = None
    """null: of all phases."""
    location: str | None = None
    """null: Outlet, the default of OCPP."""
    context: str | None = None
    """null: Sample.Periodic, the default of OCPP."""
    avg: float | None
    min: float | None
    max: float | None
    last: float | None
    last_status: str | None
    last_error_code: str | None


class _History(ApiModel):
    bucket: Width
    """The requested width, or the chosen one."""
    tz: str


class _DeviceHistory(_History):
    device_id: str
    world: str


_PARAMETERS = {"bucket": "5m", "tz": "Asia/Shanghai"}


class WaterHistory(_DeviceHistory):
    """The history of a gauge."""

    model_config = example(kind="waterlogging", device_id="gauge-7", world="actual", **_PARAMETERS, items=[_DEPTHS])

    kind: Literal["waterlogging"] = "waterlogging"
    items: list[WaterBucket]


class SignalHistory(_DeviceHistory):
    """The history of a signal controller."""

    model_config = example(kind="signal", device_id="signal-2", world="actual", **_PARAMETERS, items=[_EVENTS])

    kind: Literal["signal"] = "signal"
    items: list[SignalBucket]


class ChargingHistory(_DeviceHistory):
    """The history of a charging pile."""

    model_config = example(kind="charging", device_id="pile-9", world="actual", **_PARAMETERS, items=[_VALUES])

    kind: Literal["charging"] = "charging"
    items: list[ChargingBucket]


History = Annotated[WaterHistory | SignalHistory | ChargingHistory, Field(discriminator="kind")]


class Hydrograph(_History):
    """The history of all gauges of a site 水位过程线."""

    model_config = example(site_id="underpass-3", world="actual", **_PARAMETERS, items=[_DEPTHS])

    site_id: str
    world: str
    items: list[WaterBucket]


_ITEMS: dict[Kind, type[_Bucket]] = {
    Kind.WATERLOGGING: WaterBucket,
    Kind.SIGNAL: SignalBucket,
    Kind.CHARGING: ChargingBucket,
}

ByWidth = Annotated[
    Width | None,
    Query(alias="bucket", description="Width of a bucket; if omitted, the API chooses one that suits the span."),
]


@router.get(
    "/devices/{device_id}/history",
    summary="Get the history of a device 设备历史数据",
    operation_id="get_device_history",
    response_model=History,
)
def get_device_history(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    *,
    start: From,
    end: To,
    bucket: ByWidth = None,
    measurand: Annotated[Measurand | None, Query(description="Chargers only: values of this measurand.")] = None,
    phase: Annotated[Phase | None, Query(description="Chargers only: values of this phase.")] = None,
    location: Annotated[MeterLocation | None, Query(description="Chargers only: values of this location.")] = None,
) -> Response:
    """Return aggregates by bucket: depth and rain of a gauge, values of a pile, event counts of a signal controller."""
    span = buckets.choose(start, end, bucket)
    with database.read() as connection:
        device = find_or_404(connection, device_id)
        kind = Kind(device["kind"])
        names = _names(kind, measurand, phase, location)
        width, rows = _rows(connection, kind, [device_id], span, zone, is_free=bucket is None, names=names)
    items = items_of(_ITEMS[kind], rows, zone)
    name_qualifiers(items)
    about = {"kind": kind, "device_id": device_id, "world": device["world"]}
    return json_response({**about, "bucket": width, "tz": str(zone), "items": items})


@router.get(
    "/sites/{site_id}/history",
    summary="Get the hydrograph of a site 场所水位过程线",
    operation_id="get_site_history",
    response_model=Hydrograph,
)
def get_site_history(
    database: Db, zone: Zone, site_id: SiteId, *, start: From, end: To, bucket: ByWidth = None
) -> Response:
    """Return depth and rain of every gauge that is or was bound to the site."""
    span = buckets.choose(start, end, bucket)
    with database.read() as connection:
        world = site_status.world_of(connection, site_id)
        if world is None:
            raise NotFound(f"There is no site {site_id!r}.")
        gauges = site_status.gauges_of(connection, site_id)
        width, rows = _rows(connection, Kind.WATERLOGGING, gauges, span, zone, is_free=bucket is None)
    about = {"site_id": site_id, "world": world, "bucket": width, "tz": str(zone)}
    return json_response({**about, "items": items_of(WaterBucket, rows, zone)})


def _names(
    kind: Kind, measurand: Measurand | None, phase: Phase | None, location: MeterLocation | None
) -> Sequence[str] | None:
    """Return the stored names of the values that are asked for; None for all."""
    if measurand is None and phase is None and location is None:
        return None
    if kind is not Kind.CHARGING:
        raise InvalidParameter("`measurand`, `phase` and `location` are for chargers.")
    return sampled_names(
        Measurand if measurand is None else [measurand],
        phases=(None, *Phase) if phase is None else [phase],
        locations=(None, *MeterLocation) if location is None else [location],
    )


def _rows(
    connection: Connection,
    kind: Kind,
    device_ids: Sequence[str],
    requested: tuple[TimeRange, Width],
    zone: ZoneInfo,
    *,
    is_free: bool,
    names: Sequence[str] | None = None,
) -> tuple[Width, Sequence[Row]]:
    """Run one query, on rollups where they suffice. Return the bucket width and the rows.

    Args:
        connection: a read connection.
        kind: the kind of the devices.
        device_ids: the devices.
        requested: the span and the width.
        zone: the time zone in which days begin.
        is_free: whether the API chose the width, so that a coarser one may replace it.
        names: of meter values that are wanted; None for all.

    Raises:
        ResponseTooLarge: the response would have too many rows.
        ResolutionNotKept: the data for buckets of this width was deleted.
    """
    span, width = requested
    try:
        by = width.buckets(zone)
        rows = history_of(connection, kind, device_ids, span=span, buckets=by, limit=ROWS_MAX + 1, names=names)
    except NotKept as gone:
        if is_free and (kept := buckets.finest_kept(gone)) is not width:
            return _rows(connection, kind, device_ids, (span, kept), zone, is_free=False, names=names)
        raise buckets.resolution_not_kept(gone) from gone
    if len(rows) > ROWS_MAX:
        raise buckets.response_too_large(f"more than {ROWS_MAX} rows", width.coarser)
    return width, rows
