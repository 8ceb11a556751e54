"""The registry of devices: who may speak, and what is known about it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import ARRAY, ColumnElement, Connection, Row, Text, any_, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from rencheng.domain.device import Device, DeviceState
from rencheng.domain.kind import Kind
from rencheng.store.schema.tables import device_states, devices, regions, worlds

NOTIFY_CHANNEL = "rencheng_devices"
"""Where the database says (NOTIFY) which devices have changed, or that sites have."""

SITES = "/sites"
"""What the database says instead of a device's name when sites have changed."""

_DEVICES = select(*(devices.c[field.name] for field in fields(Device)))


@dataclass(frozen=True, slots=True)
class RegistryChanges:
    """What was told. `names` are of devices, or `SITES`; `any_may_have` means that the names are not all."""

    is_partial: bool
    names: frozenset[str]

    def __bool__(self) -> bool:
        """Has anything changed?"""
        return self.is_partial or bool(self.names)


def add_world(connection: Connection, world: str, title: str) -> None:
    """Make a world known; nothing happens if it is."""
    connection.execute(insert(worlds).values(world=world, title=title).on_conflict_do_nothing())


def add_region(connection: Connection, region: str, name_zh: str, name_en: str) -> None:
    """Make a region known, or rename it."""
    names = {"name_zh": name_zh, "name_en": name_en}
    connection.execute(
        insert(regions).values(region=region, **names).on_conflict_do_update(index_elements=["region"], set_=names)
    )


def ensure_region(connection: Connection, region: str) -> None:
    """Make a region known by its code alone; one that has names keeps them."""
    names = {"region": region, "name_zh": region, "name_en": region}
    connection.execute(insert(regions).values(names).on_conflict_do_nothing())


def register(connection: Connection, new: Sequence[tuple[Device, str | None]]) -> None:
    """Register devices, each with the hash of its broker password; a known one is brought up to date.

    None instead of a hash: a new device gets no account, and a known one keeps the password that it has.
    One statement for all of them, so that ten thousand take a moment and are told of once.
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
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def retire(connection: Connection, device_id: str) -> bool:
    """Take a device out of service. False if there is no such device in service."""
    query = update(devices).where(devices.c.device_id == device_id, devices.c.retired_at.is_(None))
    return connection.execute(query.values(retired_at=func.now())).rowcount == 1


def load_directory(connection: Connection) -> dict[str, Device]:
    """All devices by their name, as intake needs them."""
    return {row.device_id: as_device(row) for row in connection.execute(_DEVICES)}


def find_devices(connection: Connection, device_ids: Collection[str]) -> dict[str, Device]:
    """Those of some devices that are registered, by their name."""
    named = devices.c.device_id == any_(literal(list(device_ids), ARRAY(Text)))  # one parameter, however many names
    return {row.device_id: as_device(row) for row in connection.execute(_DEVICES.where(named))}


def refresh_directory(
    connection: Connection, directory: Mapping[str, Device], changed: Collection[str]
) -> dict[str, Device]:
    """The directory after a change to some devices; only these are asked for."""
    there = find_devices(connection, changed)
    kept = {**directory, **there}
    for device_id in changed:
        if device_id not in there:
            kept.pop(device_id, None)
    return kept


def as_device(row: Row[Any]) -> Device:
    """A row of `devices`, its columns in the order of `Device`, as a device."""
    device_id, kind, *others = cast("Sequence[Any]", row)
    others[-1] = tuple(others[-1])
    return Device(device_id, Kind(kind), *others)


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


def listen_for_changes(connection: Connection) -> None:
    """Ask to be told of changes; takes effect with the commit."""
    connection.exec_driver_sql(f"LISTEN {NOTIFY_CHANNEL}")


def pending_changes(connection: Connection) -> RegistryChanges:
    """What devices or sites have changed since the last call on this connection. Costs no query.

    Looks twice: if the server went away, the first look takes its last words, and only the second finds the line dead.
    """
    words = [news.payload for _look in range(2) for news in _driver(connection).notifies(timeout=0)]
    names = frozenset(name for word in words for name in word.split())
    return RegistryChanges(is_partial="" in words, names=names)


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
