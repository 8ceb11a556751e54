"""Readings: the latest values of a device, and its raw rows page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.history import raw
from rencheng.store.history.raw import TimeRange, key_columns
from rencheng.store.quality import flags_of
from services.api.deps import AfterCursor, Db, DeviceId, Limit, Moment, Zone
from services.api.http import cursors
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example, flags, paginate
from services.api.http.rows import items_of, json_response
from services.api.routes.devices.read import find_or_404
from services.api.routes.readings.meter_names import name_qualifiers

router = APIRouter(prefix="/devices/{device_id}", tags=["readings"], responses=problem_responses(HTTPStatus.NOT_FOUND))

_RECEIVED = {"quality": 0, "flags": [], "received_at": "2026-07-20T16:05:00.412+08:00"}
WATER_EXAMPLE = {"channel": 0, "time": "2026-07-20T16:05:00+08:00", "depth_mm": 152.0, "rain_mm": 1.4, **_RECEIVED}
_EVENT = {"time": "2026-07-20T16:05:00.3+08:00", "event_id": 1, "parameter": 2, **_RECEIVED}
_VALUE = {
    "connector_id": 1,
    "transaction_id": "tx-81",
    "time": "2026-07-20T16:05:00+08:00",
    "measurand": "power_kw",
    "value": 58.2,
    **_RECEIVED,
}


_SeriesFlags = Mapping[tuple[datetime, int], Sequence[str]]
"""The flags of the series checks, by time and channel."""


class _Reading(ApiModel):
    time: datetime
    """The device's own sample time."""
    quality: int
    """A bit set; `flags` has its names."""
    flags: list[str]
    received_at: datetime


class WaterReading(_Reading):
    """A gauge's reading 积水监测.

    Do not use a depth with the flag `missing`, `gross_range`, `no_return`, `blind_zone` or `test`.
    """

    model_config = example(**WATER_EXAMPLE)

    channel: int
    depth_mm: float | None
    """null: not measured. Never read it as 0."""
    rain_mm: float | None
    raw_distance_mm: float | None = None
    mode: str | None = None
    battery_v: float | None = None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    tilt_deg: float | None = None
    temperature_c: float | None = None
    sequence: int | None = None
    error_flags: int | None = None
    series_flags: list[str] = Field(default_factory=list)
    """Flags of the series checks, such as `spike`, `rate` and `stuck`; set some minutes after the reading."""


class SignalEvent(_Reading):
    """An event of a signal controller 信号机事件, numbered by the Indiana hi-resolution enumerations."""

    model_config = example(**_EVENT)

    event_id: int
    parameter: int


class MeterValue(_Reading):
    """A meter value of a charging pile 充电桩计量值 in the unit of its measurand, or a connector's state."""

    model_config = example(**_VALUE)

    connector_id: int
    transaction_id: str
    measurand: str
    phase: str | None = None
    """null: of all phases."""
    location: str | None = None
    """null: Outlet, the default of OCPP."""
    context: str | None = None
    """null: Sample.Periodic, the default of OCPP."""
    value: float | None = None
    status: str | None = None
    error_code: str | None = None


class _Readings(ApiModel):
    device_id: str
    world: str
    next: str | None = None
    """Send it as `after` to get the next page; null on the last page."""


class WaterReadings(_Readings):
    """Readings of a gauge."""

    model_config = example(kind="waterlogging", device_id="gauge-7", world="actual", items=[WATER_EXAMPLE], next=None)

    kind: Literal["waterlogging"] = "waterlogging"
    items: list[WaterReading]


class SignalEvents(_Readings):
    """Events of a signal controller."""

    model_config = example(kind="signal", device_id="signal-2", world="actual", items=[_EVENT], next=None)

    kind: Literal["signal"] = "signal"
    items: list[SignalEvent]


class MeterValues(_Readings):
    """Meter values of a charging pile."""

    model_config = example(kind="charging", device_id="pile-9", world="actual", items=[_VALUE], next=None)

    kind: Literal["charging"] = "charging"
    items: list[MeterValue]


Readings = Annotated[WaterReadings | SignalEvents | MeterValues, Field(discriminator="kind")]

ITEMS: dict[Kind, type[_Reading]] = {
    Kind.WATERLOGGING: WaterReading,
    Kind.SIGNAL: SignalEvent,
    Kind.CHARGING: MeterValue,
}


@router.get("/latest", summary="Get the latest values 最新读数", operation_id="get_latest", response_model=Readings)
def get_latest(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    events: Annotated[int, Query(ge=1, le=1000, description="Signal controllers only: the number of events.")] = 20,
) -> Response:
    """Return the newest value of each channel of a gauge, or of each connector and measurand of a pile.

    A signal controller has its last events, newest first. Values a week older than the device's newest are left out.
    """
    with database.read() as connection:
        device = find_or_404(connection, device_id)
        rows = raw.latest(connection, Kind(device["kind"]), device_id, events_max=events)
    return _readings(device, rows, zone, following=None)


@router.get("/readings", summary="List raw readings 原始读数", operation_id="list_readings", response_model=Readings)
def list_readings(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    *,
    start: Annotated[Moment | None, Query(alias="from", description="Start time, inclusive.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="End time, exclusive.")] = None,
    after: AfterCursor = None,
    limit: Limit = 500,
) -> Response:
    """Return all rows as they are stored, ordered by sample time, regardless of flags."""
    with database.read() as connection:
        device = find_or_404(connection, device_id)
        kind = Kind(device["kind"])
        key = key_columns(kind)
        position = cursors.decode(after, key) if after else None
        rows = raw.readings(connection, kind, device_id, span=TimeRange(start, end), after=position, limit=limit + 1)
        page, following = paginate(rows, limit, lambda row: cursors.encode([row[column.name] for column in key]))
        series_flags = _series_flags(connection, device_id, page) if kind is Kind.WATERLOGGING else {}
    return _readings(device, page, zone, following=following, series_flags=series_flags)


def _series_flags(connection: Connection, device_id: str, page: Sequence[Row]) -> _SeriesFlags:
    """Read the flags of the series checks for the readings of a page."""
    if not page:
        return {}
    rows = flags_of(connection, device_id, start=page[0]["time"], end=page[-1]["time"] + timedelta(microseconds=1))
    return {(row.time, row.channel): flags(int(row.flags)) for row in rows}


def _readings(
    device: Row,
    rows: Sequence[Row],
    zone: ZoneInfo,
    *,
    following: str | None,
    series_flags: _SeriesFlags = MappingProxyType({}),
) -> Response:
    kind = Kind(device["kind"])
    items = items_of(ITEMS[kind], rows, zone)
    name_qualifiers(items)
    for row, item in zip(rows, items, strict=True) if series_flags else ():
        item["series_flags"] = series_flags.get((row["time"], row["channel"]), ())
    named = {"device_id": device["device_id"], "world": device["world"]}
    return json_response({"kind": kind, **named, "items": items, "next": following})
