"""Queries of registered devices with their online state."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from rencheng.domain.kind import Kind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.schema.tables import device_states, devices


@dataclass(frozen=True, slots=True)
class DeviceFilters:
    """Filters for devices; None matches all. `online` False matches devices that reported to be offline."""

    kind: Kind | None = None
    region: str | None = None
    site_id: str | None = None
    world: str | None = None
    online: bool | None = None
    reach: Reach = EVERYWHERE


def list_devices(
    connection: Connection, filters: DeviceFilters, *, after: str | None = None, limit: int = 100
) -> list[Row]:
    """Return devices with their online state, in order of their names, after the name `after`."""
    equal = {
        "kind": devices.c.kind,
        "site_id": devices.c.site_id,
        "world": devices.c.world,
        "online": device_states.c.online,
    }
    conditions = [column == value for name, column in equal.items() if (value := getattr(filters, name)) is not None]
    conditions.append(within(filters.reach, devices.c.region, devices.c.world))
    if filters.region is not None:
        conditions.append(in_region(devices.c.region, filters.region))
    query = _DEVICES.where(*conditions).order_by(devices.c.device_id).limit(limit)
    if after is not None:
        query = query.where(devices.c.device_id > after)
    return list(connection.execute(query).mappings())


def find_device(connection: Connection, device_id: str) -> Row | None:
    """Return one device with its online state; None if it is not registered."""
    return connection.execute(_DEVICES.where(devices.c.device_id == device_id)).mappings().one_or_none()


_DEVICES = select(
    *(column for column in devices.c if column.name != "mqtt_password_hash"),
    device_states.c.online,
    device_states.c.changed_at.label("state_changed_at"),
).outerjoin(device_states, device_states.c.device_id == devices.c.device_id)
