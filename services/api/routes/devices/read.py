"""Devices: registered properties and online state."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rencheng.devices.registration import device_tag
from rencheng.domain.device import GaugeKind
from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.history import raw
from rencheng.store.registry import device_queries
from rencheng.store.registry.device_changes import succession
from rencheng.store.registry.device_queries import DeviceFilters
from rencheng.store.registry.devices import find_devices
from services.api.auth.guard import Caller
from services.api.deps import AfterName, ByRegion, BySite, ByWorld, Db, DeviceId, Limit, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, local, paginate, present
from services.api.http.rows import items_of, json_response

router = APIRouter(prefix="/devices", tags=["devices"])

_EXAMPLE = {
    "device_id": "gauge-7",
    "kind": "waterlogging",
    "region": "370102",
    "world": "actual",
    "site_id": "underpass-3",
    "name": "经十路下穿通道北侧",
    "latitude": 36.6512,
    "longitude": 117.1201,
    "codec": "json",
    "gauge": "street",
    "depth_max_mm": 2400.0,
    "blind_zone_mm": 250.0,
    "no_return_codes": [9999.0],
    "interval_s": 60.0,
    "interval_dry_s": 3600.0,
    "resolution_mm": 1.0,
    "latency_s": None,
    "zero_set_on": "2026-06-20",
    "measures": "level",
    "steps_mm": [],
    "receipts": True,
    "quota_per_minute": None,
    "replaces": "gauge-6",
    "created_at": "2026-07-01T09:00:00+08:00",
    "retired_at": None,
    "online": True,
    "state_changed_at": "2026-07-20T15:58:12+08:00",
}


class Device(ApiModel):
    """A registered device and its last reported state."""

    model_config = example(**_EXAMPLE)

    device_id: str
    kind: Kind
    region: str
    world: str
    site_id: str | None
    name: str
    latitude: float | None
    longitude: float | None
    codec: str
    gauge: str
    """The limits profile by which a gauge's readings are checked."""
    depth_max_mm: float | None
    blind_zone_mm: float | None
    no_return_codes: list[float]
    interval_s: float | None
    """The reporting interval in water; null: it is learned from the readings."""
    interval_dry_s: float | None
    """The reporting interval above a dry street; null: it is learned from the readings."""
    resolution_mm: float | None
    latency_s: float | None
    """How late its readings usually arrive; null: it is learned from the readings."""
    zero_set_on: date | None
    """The day on which its zero was last set or surveyed."""
    measures: GaugeKind
    steps_mm: list[float]
    """The height of the switch, or of each electrode."""
    receipts: bool
    """Whether the device expects receipts for its messages."""
    quota_per_minute: int | None
    """null: the platform's default applies."""
    replaces: str | None
    """The device that it replaced."""
    created_at: datetime
    retired_at: datetime | None
    online: bool | None
    """From the device's state messages and last will; null: none received yet."""
    state_changed_at: datetime | None


class Devices(Page[Device]):
    """A page of devices."""

    model_config = example(items=[_EXAMPLE], next="gauge-7")


class DeviceInDetail(Device):
    """A device with the time of its newest reading and its predecessors."""

    model_config = example(
        **_EXAMPLE, last_reading_at="2026-07-20T16:05:00+08:00", place_held_by=["gauge-6", "gauge-7"]
    )

    last_reading_at: datetime | None
    place_held_by: list[str]
    """All devices that have stood at this place, oldest first. Each keeps the readings of its own time."""


@router.get("", summary="List devices 设备列表", operation_id="list_devices", response_model=Devices)
def list_devices(
    database: Db,
    caller: Caller,
    zone: Zone,
    *,
    kind: Kind | None = None,
    region: ByRegion = None,
    site_id: BySite = None,
    world: ByWorld,
    online: Annotated[bool | None, Query(description="true: online; false: offline; omitted: all.")] = None,
    after: AfterName = None,
    limit: Limit = 100,
) -> Response:
    """Return devices ordered by name, including retired ones."""
    filters = DeviceFilters(kind=kind, region=region, site_id=site_id, world=world, online=online, reach=caller.reach)
    with database.read() as connection:
        rows = device_queries.list_devices(connection, filters, after=after, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: str(row["device_id"]))
    return json_response({"items": items_of(Device, page, zone), "next": following})


@router.get(
    "/{device_id}",
    summary="Get a device 单个设备",
    operation_id="get_device",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_device(database: Db, zone: Zone, response: Response, device_id: DeviceId) -> DeviceInDetail:
    """Return a device with the sample time of its newest reading. `ETag` is that of its registration."""
    with database.read() as connection:
        row = find_or_404(connection, device_id)
        response.headers["ETag"] = f'"{device_tag(find_devices(connection, [device_id])[device_id])}"'
        newest = raw.newest_time(connection, Kind(row["kind"]), device_id)
        place_held_by = [each["device_id"] for each in succession(connection, device_id)]
    last = local(newest, zone) if newest else None
    return DeviceInDetail.model_validate(present(row, zone) | {"last_reading_at": last, "place_held_by": place_held_by})


def find_or_404(connection: Connection, device_id: str) -> Row:
    """Return the row of a device.

    Raises:
        NotFound: the device is not registered.
    """
    row = device_queries.find_device(connection, device_id)
    if row is None:
        raise NotFound(f"There is no device {device_id!r}.")
    return row
