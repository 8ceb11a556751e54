"""The registry of devices: profiles, broker passwords, worlds, regions and online states."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, Connection, Row, Text, any_, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from rencheng.domain.device import Device, DeviceState, GaugeKind
from rencheng.domain.kind import Kind
from rencheng.store.schema.tables import device_states, devices, regions, worlds

_DEVICES = select(*(devices.c[field.name] for field in fields(Device)))


def add_world(connection: Connection, world: str, title: str) -> None:
    """Add a world. Does nothing if it exists."""
    connection.execute(insert(worlds).values(world=world, title=title).on_conflict_do_nothing())


def known_worlds(connection: Connection, names: Collection[str]) -> frozenset[str]:
    """Return the worlds among these that exist."""
    return frozenset(connection.execute(select(worlds.c.world).where(worlds.c.world.in_(names))).scalars())


def add_region(connection: Connection, region: str, name_zh: str, name_en: str) -> None:
    """Add a region, or rename it."""
    names = {"name_zh": name_zh, "name_en": name_en}
    connection.execute(
        insert(regions).values(region=region, **names).on_conflict_do_update(index_elements=["region"], set_=names)
    )


def find_region(connection: Connection, region: str) -> dict[str, str] | None:
    """Return the names of a region, which no other transaction changes meanwhile; None if it has none."""
    query = select(regions.c.name_zh, regions.c.name_en).where(regions.c.region == region)
    row = connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else {"name_zh": row.name_zh, "name_en": row.name_en}


def list_regions(connection: Connection) -> dict[str, dict[str, str]]:
    """Return the names of all regions, by code."""
    rows = connection.execute(select(regions).order_by(regions.c.region))
    return {row.region: {"name_zh": row.name_zh, "name_en": row.name_en} for row in rows}


def ensure_region(connection: Connection, region: str) -> None:
    """Add a region by its code alone. An existing region keeps its names."""
    names = {"region": region, "name_zh": region, "name_en": region}
    connection.execute(insert(regions).values(names).on_conflict_do_nothing())


def register(connection: Connection, new: Sequence[tuple[Device, str | None]]) -> None:
    """Register devices, each with the hash of its broker password, or update registered ones.

    None instead of a hash: a new device gets no account, and a registered one keeps its password.
    One statement writes all devices, so that ten thousand take a moment and cause one notification.
    """
    if not new:
        return
    rows = [asdict(device) | {"mqtt_password_hash": password_hash} for device, password_hash in new]
    names = list(rows[0])
    given = func.jsonb_to_recordset(literal([_as_json(row) for row in rows], JSONB)).table_valued(
        *(column(name, devices.c[name].type) for name in names), name="given"
    )
    given = given.render_derived(with_types=True)
    statement = insert(devices).from_select(names, select(*given.c).order_by(given.c.device_id))
    set_: dict[str, ColumnElement[Any]] = {name: statement.excluded[name] for name in names if name != "device_id"}
    for name in ("mqtt_password_hash", "replaces"):
        set_[name] = func.coalesce(statement.excluded[name], devices.c[name])
    connection.execute(statement.on_conflict_do_update(index_elements=["device_id"], set_=set_))


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def retire(connection: Connection, device_id: str) -> bool:
    """Retire a device. Return False if no such device is in service."""
    query = update(devices).where(devices.c.device_id == device_id, devices.c.retired_at.is_(None))
    return connection.execute(query.values(retired_at=func.now())).rowcount == 1


def load_directory(connection: Connection) -> dict[str, Device]:
    """Return all devices by name, for intake."""
    return {row.device_id: as_device(row) for row in connection.execute(_DEVICES)}


def find_devices(connection: Connection, device_ids: Collection[str]) -> dict[str, Device]:
    """Return the registered ones of these devices, by name."""
    named = devices.c.device_id == any_(literal(list(device_ids), ARRAY(Text)))  # one parameter, however many names
    return {row.device_id: as_device(row) for row in connection.execute(_DEVICES.where(named))}


def lock_device(connection: Connection, device_id: str) -> Device | None:
    """Return a device, and let other changes of it wait until this transaction ends; None if it is not registered."""
    row = connection.execute(_DEVICES.where(devices.c.device_id == device_id).with_for_update()).one_or_none()
    return None if row is None else as_device(row)


def refresh_directory(
    connection: Connection, directory: Mapping[str, Device], changed: Collection[str]
) -> dict[str, Device]:
    """Return the directory after changes of some devices. Only these are queried."""
    found = find_devices(connection, changed)
    updated = {**directory, **found}
    for device_id in changed:
        if device_id not in found:
            updated.pop(device_id, None)
    return updated


def as_device(row: Row[Any]) -> Device:
    """Convert a row of `devices`, its columns in the order of `Device`, to a device."""
    device_id, kind, *others = cast("Sequence[Any]", row)
    others[-3:] = GaugeKind(others[-3]), tuple(others[-2]), tuple(others[-1])
    return Device(device_id, Kind(kind), *others)


def password_hashes(connection: Connection) -> list[tuple[str, str]]:
    """Return (device, hash) of every device that may log in at the broker."""
    query = select(devices.c.device_id, devices.c.mqtt_password_hash).where(
        devices.c.mqtt_password_hash.is_not(None), devices.c.retired_at.is_(None)
    )
    return [(row.device_id, row.mqtt_password_hash) for row in connection.execute(query.order_by(devices.c.device_id))]


def save_states(connection: Connection, states: Iterable[DeviceState]) -> None:
    """Save online states. The last state given for a device counts."""
    newest = {state.device_id: state for state in states}
    if not newest:
        return
    statement = insert(device_states)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["device_id"],
            set_={"online": statement.excluded.online, "changed_at": statement.excluded.changed_at},
            where=device_states.c.changed_at <= statement.excluded.changed_at,
        ),
        [
            {"device_id": name, "online": newest[name].online, "changed_at": newest[name].received_at}
            for name in sorted(newest)
        ],
    )
