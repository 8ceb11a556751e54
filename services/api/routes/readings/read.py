"""What devices said: the latest of each, and raw rows page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field

from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.history import raw
from rencheng.store.history.raw import TimeRange, key_columns
from rencheng.store.quality import flags_of
from services.api.deps import AfterCursor, Db, DeviceId, Limit, Moment, Zone
from services.api.http import cursors
from services.api.http.errors import described
from services.api.http.models import ApiModel, example, flags, paginate, present
from services.api.routes.devices.read import known

router = APIRouter(prefix="/devices/{device_id}", tags=["readings"], responses=described(HTTPStatus.NOT_FOUND))

_SEEN = {"quality": 0, "flags": [], "received_at": "2026-07-20T16:05:00.412+08:00"}
_WATER = {"channel": 0, "time": "2026-07-20T16:05:00+08:00", "depth_mm": 152.0, "rain_mm": 1.4, **_SEEN}
_EVENT = {"time": "2026-07-20T16:05:00.3+08:00", "event_id": 1, "parameter": 2, **_SEEN}
_VALUE = {
    "connector_id": 1,
    "transaction_id": "tx-81",
    "time": "2026-07-20T16:05:00+08:00",
    "measurand": "power_kw",
    "value": 58.2,
    **_SEEN,
}


_Found = Mapping[tuple[datetime, int], Sequence[str]]
"""Flags by time and channel."""


class _Reading(ApiModel):
    time: datetime
    """The device's own sample time."""
    quality: int
    """A bit set; `flags` has the names of the bits."""
    flags: list[str]
    received_at: datetime


class WaterReading(_Reading):
    """A gauge's reading 积水监测.

    With the flag `missing`, `gross_range`, `no_return`, `blind_zone` or `test` the depth says nothing about the water.
    """

    model_config = example(**_WATER)

    channel: int
    depth_mm: float | None
    """null: not measured. Never to be read as 0."""
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
    """What was found among its neighbours, some minutes later: `spike`, `rate`, `stuck` and others."""


class SignalEvent(_Reading):
    """A signal controller's event 信号机事件, numbered as in the Indiana hi-resolution enumerations."""

    model_config = example(**_EVENT)

    event_id: int
    parameter: int


class MeterValue(_Reading):
    """A pile's meter value 充电桩计量值, in the unit that the measurand names, or a connector's state."""

    model_config = example(**_VALUE)

    connector_id: int
    transaction_id: str
    measurand: str
    value: float | None = None
    status: str | None = None
    error_code: str | None = None


class _Readings(ApiModel):
    device_id: str
    world: str
    next: str | None = None
    """Give it back as `after` for the next page; null on the last one."""


class WaterReadings(_Readings):
    """Readings of a gauge."""

    model_config = example(kind="waterlogging", device_id="gauge-7", world="actual", items=[_WATER], next=None)

    kind: Literal["waterlogging"] = "waterlogging"
    items: list[WaterReading]


class SignalEvents(_Readings):
    """Events of a signal controller."""

    model_config = example(kind="signal", device_id="signal-2", world="actual", items=[_EVENT], next=None)

    kind: Literal["signal"] = "signal"
    items: list[SignalEvent]


class MeterValues(_Readings):
    """Meter values of a pile."""

    model_config = example(kind="charging", device_id="pile-9", world="actual", items=[_VALUE], next=None)

    kind: Literal["charging"] = "charging"
    items: list[MeterValue]


Readings = Annotated[WaterReadings | SignalEvents | MeterValues, Field(discriminator="kind")]

_ANSWERS: dict[Kind, type[WaterReadings | SignalEvents | MeterValues]] = {
    Kind.WATERLOGGING: WaterReadings,
    Kind.SIGNAL: SignalEvents,
    Kind.CHARGING: MeterValues,
}


@router.get("/latest", summary="Latest values 最新值", operation_id="get_latest")
def get_latest(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    events: Annotated[int, Query(ge=1, le=1000, description="Signals only: how many of the last events.")] = 20,
) -> Readings:
    """The newest of each: channel of a gauge, connector and measurand of a pile; of a signal the last events.

    What ended a week before the device's newest reading is no longer among them. Events come newest first.
    """
    with database.read() as connection:
        device = known(connection, device_id)
        rows = raw.latest(connection, Kind(device["kind"]), device_id, events_max=events)
    return _answer(device, rows, zone, following=None)


@router.get("/readings", summary="Raw readings 原始读数", operation_id="list_readings")
def list_readings(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    *,
    start: Annotated[Moment | None, Query(alias="from", description="From this time on.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Before this time.")] = None,
    after: AfterCursor = None,
    limit: Limit = 500,
) -> Readings:
    """All rows as they are stored, in order of their own time, whatever their flags."""
    with database.read() as connection:
        device = known(connection, device_id)
        kind = Kind(device["kind"])
        key = key_columns(kind)
        position = cursors.decode(after, [column.type.python_type for column in key]) if after else None
        rows = raw.readings(connection, kind, device_id, span=TimeRange(start, end), after=position, limit=limit + 1)
        page, following = paginate(rows, limit, lambda row: cursors.encode([row[column.name] for column in key]))
        found = _found(connection, device_id, page) if kind is Kind.WATERLOGGING else {}
    return _answer(device, page, zone, following=following, found=found)


def _found(connection: Connection, device_id: str, page: Sequence[Row]) -> _Found:
    """What the tests of a series found about the readings of a page."""
    if not page:
        return {}
    found = flags_of(connection, device_id, start=page[0]["time"], end=page[-1]["time"] + timedelta(microseconds=1))
    return {(one.time, one.channel): flags(int(one.flags)) for one in found}


def _answer(
    device: Row, rows: Sequence[Row], zone: ZoneInfo, *, following: str | None, found: _Found = MappingProxyType({})
) -> Readings:
    items: list[Any] = [present(row, zone) for row in rows]
    for row, item in zip(rows, items, strict=True) if found else ():
        item["series_flags"] = found.get((row["time"], row["channel"]), ())
    answer = _ANSWERS[Kind(device["kind"])]
    return answer(device_id=device["device_id"], world=device["world"], items=items, next=following)
