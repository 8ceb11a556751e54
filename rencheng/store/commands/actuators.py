"""The register of devices that take commands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Connection, RowMapping, Text, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.response.commands.forms import ActuatorForm
from rencheng.response.commands.proposals import BoundActuator
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.store.core.within import within
from rencheng.store.schema.command_tables import actuators


@dataclass(frozen=True, slots=True)
class Actuator:
    """A registered device that takes commands.

    Attributes:
        version: grows with each change.
    """

    device_id: str
    kind: ActuatorKind
    region: str
    world: str
    site_id: str | None
    name: str
    verbs: frozenset[Verb]
    version: int
    retired_at: datetime | None = None

    def form(self) -> ActuatorForm:
        """Return its form."""
        return ActuatorForm(
            device_id=self.device_id,
            kind=self.kind,
            region=self.region,
            world=self.world,
            site_id=self.site_id,
            name=self.name,
            verbs=tuple(sorted(self.verbs)),
        )


def lock_actuator(connection: Connection, device_id: str) -> Actuator | None:
    """Return a device, and let other changes of it wait until this transaction ends."""
    query = select(actuators).where(actuators.c.device_id == device_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _as_actuator(row)


def find_actuator(connection: Connection, device_id: str) -> Actuator | None:
    """Return a device; None if it is not registered."""
    row = connection.execute(_COLUMNS.where(actuators.c.device_id == device_id)).mappings().one_or_none()
    return None if row is None else _as_actuator(row)


def list_actuators(
    connection: Connection,
    *,
    reach: Reach = EVERYWHERE,
    world: str | None = None,
    site_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Actuator]:
    """Return the devices in service, by name."""
    query = _COLUMNS.where(actuators.c.retired_at.is_(None), within(reach, actuators.c.region, actuators.c.world))
    if world is not None:
        query = query.where(actuators.c.world == world)
    if site_id is not None:
        query = query.where(actuators.c.site_id == site_id)
    if after is not None:
        query = query.where(actuators.c.device_id > after)
    rows = connection.execute(query.order_by(actuators.c.device_id).limit(limit)).mappings()
    return [_as_actuator(row) for row in rows]


def actuators_at(connection: Connection, site_ids: Collection[str]) -> dict[str, list[BoundActuator]]:
    """Return the devices in service of sites, by site."""
    query = _COLUMNS.where(actuators.c.retired_at.is_(None), actuators.c.site_id.in_(list(site_ids)))
    found: dict[str, list[BoundActuator]] = {}
    for row in connection.execute(query).mappings():
        one = _as_actuator(row)
        found.setdefault(one.site_id or "", []).append(BoundActuator(one.device_id, one.kind, one.verbs))
    return found


def write_actuator(connection: Connection, form: ActuatorForm, *, password_hash: str | None, made_by: str) -> None:
    """Add or change a device. A change makes another version; without a new password it keeps the old one."""
    values: dict[str, Any] = {
        "kind": form.kind.value,
        "region": form.region,
        "world": form.world,
        "site_id": form.site_id,
        "name": form.name,
        "verbs": [verb.value for verb in form.taken],
        "made_by": made_by,
    }
    query = insert(actuators).values(device_id=form.device_id, version=1, mqtt_password_hash=password_hash, **values)
    kept = func.coalesce(query.excluded.mqtt_password_hash, actuators.c.mqtt_password_hash)
    changed = values | {"version": actuators.c.version + 1, "mqtt_password_hash": kept, "retired_at": None}
    connection.execute(query.on_conflict_do_update(index_elements=["device_id"], set_=changed))


def retire_actuator(connection: Connection, device_id: str) -> None:
    """Take a device out of service. Its account ends; what it reported stays."""
    query = update(actuators).where(actuators.c.device_id == device_id)
    connection.execute(query.values(retired_at=func.now(), version=actuators.c.version + 1))


def actuator_hashes(connection: Connection) -> list[tuple[str, str]]:
    """Return (device, hash) of every device in service with an account of its own."""
    query = select(actuators.c.device_id, actuators.c.mqtt_password_hash).where(
        actuators.c.mqtt_password_hash.is_not(None), actuators.c.retired_at.is_(None)
    )
    return [
        (row.device_id, row.mqtt_password_hash) for row in connection.execute(query.order_by(actuators.c.device_id))
    ]


def own_accounts(connection: Connection, device_ids: Collection[str]) -> list[str]:
    """Return those of these names that are devices with an account of their own, in service or not."""
    named = actuators.c.device_id == any_(literal(list(device_ids), ARRAY(Text)))
    query = select(actuators.c.device_id).where(named, actuators.c.mqtt_password_hash.is_not(None))
    return list(connection.execute(query.order_by(actuators.c.device_id)).scalars())


_COLUMNS = select(
    actuators.c.device_id,
    actuators.c.kind,
    actuators.c.region,
    actuators.c.world,
    actuators.c.site_id,
    actuators.c.name,
    actuators.c.verbs,
    actuators.c.version,
    actuators.c.retired_at,
)
"""Without the hash of the password, which the response service may not read."""


def _as_actuator(row: RowMapping) -> Actuator:
    known = frozenset(Verb(verb) for verb in row["verbs"] if verb in set(Verb))
    return Actuator(
        row["device_id"],
        ActuatorKind(row["kind"]),
        row["region"],
        row["world"],
        row["site_id"],
        row["name"],
        known,
        row["version"],
        row["retired_at"],
    )
