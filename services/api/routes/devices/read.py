"""Devices: the register, and who is online."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.history import raw
from rencheng.store.registry import device_queries
from rencheng.store.registry.device_changes import succession
from rencheng.store.registry.device_queries import DeviceFilters
from services.api.deps import AfterName, ByRegion, BySite, ByWorld, Db, DeviceId, Limit, Zone
from services.api.http.errors import NotFound, described
from services.api.http.models import ApiModel, Page, example, local, paginate, present

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
    "receipts": True,
    "quota_per_minute": None,
    "replaces": "gauge-6",
    "created_at": "2026-07-01T09:00:00+08:00",
    "retired_at": None,
    "online": True,
    "state_changed_at": "2026-07-20T15:58:12+08:00",
}


class Device(ApiModel):
    """A registered device, and what it last said of itself."""

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
    """By which limits a gauge's readings are tested."""
    depth_max_mm: float | None
    blind_zone_mm: float | None
    no_return_codes: list[float]
    receipts: bool
    """It waits to be told that its readings are stored."""
    quota_per_minute: int | None
    """null: the platform's own limit."""
    replaces: str | None
    """The device whose place it took."""
    created_at: datetime
    retired_at: datetime | None
    online: bool | None
    """null: it has never said so, nor has its last will."""
    state_changed_at: datetime | None


class Devices(Page[Device]):
    """A page of devices."""

    model_config = example(items=[_EXAMPLE], next="gauge-7")


class DeviceInDetail(Device):
    """A device, and when it was heard of last."""

    model_config = example(
        **_EXAMPLE, last_reading_at="2026-07-20T16:05:00+08:00", place_held_by=["gauge-6", "gauge-7"]
    )

    last_reading_at: datetime | None
    place_held_by: list[str]
    """All devices that held this place, the first one first: each has the readings of its time."""


@router.get("", summary="List devices 设备列表", operation_id="list_devices")
def list_devices(
    database: Db,
    zone: Zone,
    *,
    kind: Kind | None = None,
    region: ByRegion = None,
    site_id: BySite = None,
    world: ByWorld = None,
    online: Annotated[bool | None, Query(description="true: said to be online; false: said to be offline.")] = None,
    after: AfterName = None,
    limit: Limit = 100,
) -> Devices:
    """Devices in order of their names, retired ones too."""
    filters = DeviceFilters(kind=kind, region=region, site_id=site_id, world=world, online=online)
    with database.read() as connection:
        rows = device_queries.list_devices(connection, filters, after=after, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: str(row["device_id"]))
    return Devices(items=[Device.model_validate(present(row, zone)) for row in page], next=following)


@router.get(
    "/{device_id}", summary="One device 单个设备", operation_id="get_device", responses=described(HTTPStatus.NOT_FOUND)
)
def get_device(database: Db, zone: Zone, device_id: DeviceId) -> DeviceInDetail:
    """A device, and the sample time of its newest reading."""
    with database.read() as connection:
        row = known(connection, device_id)
        newest = raw.newest_time(connection, Kind(row["kind"]), device_id)
        line = [each["device_id"] for each in succession(connection, device_id)]
    last = local(newest, zone) if newest else None
    return DeviceInDetail.model_validate(present(row, zone) | {"last_reading_at": last, "place_held_by": line})


def known(connection: Connection, device_id: str) -> Row:
    """The row of a device.

    Raises:
        NotFound: nobody registered it.
    """
    row = device_queries.find_device(connection, device_id)
    if row is None:
        raise NotFound(f"There is no device {device_id!r}.")
    return row
