"""The registry of devices: who may speak, and what is known about it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.device import Device, DeviceState
from rencheng.domain.kind import Kind
from rencheng.store.tables import device_states, devices, regions, worlds

CHANNEL = "rencheng_devices"
"""Where the database says (NOTIFY) that devices or sites have changed."""

_COLUMNS = [devices.c[field.name] for field in fields(Device)]


def add_world(connection: Connection, world: str, title: str) -> None:
    """Make a world known; nothing happens if it is."""
    connection.execute(insert(worlds).values(world=world, title=title).on_conflict_do_nothing())


def add_region(connection: Connection, region: str, name_zh: str, name_en: str) -> None:
    """Make a region known, or rename it."""
    names = {"name_zh": name_zh, "name_en": name_en}
    connection.execute(
        insert(regions).values(region=region, **names).on_conflict_do_update(index_elements=["region"], set_=names)
    )


def register(connection: Connection, new: Sequence[tuple[Device, str | None]]) -> None:
    """Register devices, each with the hash of its broker password; a known one is brought up to date."""
    if not new:
        return
    rows = [asdict(device) | {"mqtt_password_hash": password_hash} for device, password_hash in new]
    statement = insert(devices)
    set_ = {name: statement.excluded[name] for name in rows[0] if name != "device_id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["device_id"], set_=set_), rows)


def retire(connection: Connection, device_id: str) -> bool:
    """Take a device out of service. False if there is no such device in service."""
    query = update(devices).where(devices.c.device_id == device_id, devices.c.retired_at.is_(None))
    return connection.execute(query.values(retired_at=func.now())).rowcount == 1


def load_directory(connection: Connection) -> dict[str, Device]:
    """All devices by their name, as intake needs them."""
    return {row.device_id: as_device(row) for row in connection.execute(select(*_COLUMNS))}


def as_device(row: Row[Any]) -> Device:
    """A row of `devices` as a device."""
    values = {field.name: getattr(row, field.name) for field in fields(Device)}
    return Device(**values | {"kind": Kind(row.kind)})


def password_hashes(connection: Connection) -> list[tuple[str, str]]:
    """(device, hash) of every device that may log in at the broker."""
    query = select(devices.c.device_id, devices.c.mqtt_password_hash).where(
        devices.c.mqtt_password_hash.is_not(None), devices.c.retired_at.is_(None)
    )
    return [(row.device_id, row.mqtt_password_hash) for row in connection.execute(query.order_by(devices.c.device_id))]


def save_states(connection: Connection, states: Iterable[DeviceState]) -> None:
    """Remember who is online; of several states of a device the last one given counts."""
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


def listen(connection: Connection) -> None:
    """Ask to be told of changes; takes effect with the commit."""
    connection.exec_driver_sql(f"LISTEN {CHANNEL}")


def has_changed(connection: Connection) -> bool:
    """Have devices or sites changed since the last call on this connection? Costs no query.

    Looks twice: if the server went away, the first look takes its last words, and only the second finds the line dead.
    """
    return sum(1 for _look in range(2) for _news in _driver(connection).notifies(timeout=0)) > 0


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
