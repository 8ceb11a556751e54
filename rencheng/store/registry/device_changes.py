"""Changes of the register of devices: passwords, succession, and what a change may not do."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, insert, literal, select, update

from rencheng.store.core.sessions import Row
from rencheng.store.schema.tables import devices, site_sensors, sites


def set_password(connection: Connection, device_id: str, password_hash: str) -> bool:
    """Give a device in service another broker password. False if there is none of this name."""
    query = update(devices).where(devices.c.device_id == device_id, devices.c.retired_at.is_(None))
    return connection.execute(query.values(mqtt_password_hash=password_hash)).rowcount == 1


def worlds_of_sites(connection: Connection, site_ids: Collection[str]) -> dict[str, str]:
    """The world of each of some sites; those that are not there are left out."""
    rows = connection.execute(select(sites.c.site_id, sites.c.world).where(sites.c.site_id.in_(site_ids)))
    return {row.site_id: row.world for row in rows}


def copy_bindings(connection: Connection, old: str, new: str) -> None:
    """Bind a device to what another is bound to, in the same roles and heights; the other stays bound, for its past."""
    names = [column.name for column in site_sensors.c if column.name != "device_id"]
    theirs = select(literal(new), *(site_sensors.c[name] for name in names)).where(site_sensors.c.device_id == old)
    connection.execute(insert(site_sensors).from_select(["device_id", *names], theirs))


def succession(connection: Connection, device_id: str) -> Sequence[Row]:
    """The devices that held this device's place, the first one first, with when each came and went."""
    columns = [devices.c[name] for name in ("device_id", "replaces", "created_at", "retired_at")]
    this = select(*columns, literal(0).label("step")).where(devices.c.device_id == device_id)
    back, ahead = this.cte("back", recursive=True), this.cte("ahead", recursive=True)
    earlier = select(*columns, back.c.step - 1).join(back, devices.c.device_id == back.c.replaces)
    later = select(*columns, ahead.c.step + 1).join(ahead, devices.c.replaces == ahead.c.device_id)
    line = select(back.union_all(earlier)).union(select(ahead.union_all(later))).subquery()
    return list(connection.execute(select(line).order_by(line.c.step)).mappings())
