"""Changes of registered devices: passwords, bindings, replacement."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, insert, literal, select, update

from rencheng.store.core.sessions import Row
from rencheng.store.schema.tables import devices, site_sensors, sites


def set_password(connection: Connection, device_id: str, password_hash: str) -> bool:
    """Set the broker password of a device in service. Return False if there is no such device."""
    query = update(devices).where(devices.c.device_id == device_id, devices.c.retired_at.is_(None))
    return connection.execute(query.values(mqtt_password_hash=password_hash)).rowcount == 1


def worlds_of_sites(connection: Connection, site_ids: Collection[str]) -> dict[str, str]:
    """Return the worlds of these sites. Unknown sites are left out."""
    rows = connection.execute(select(sites.c.site_id, sites.c.world).where(sites.c.site_id.in_(site_ids)))
    return {row.site_id: row.world for row in rows}


def copy_bindings(connection: Connection, old: str, new: str) -> None:
    """Bind a device to the sites of another, in the same roles and heights. The old one stays bound for its history."""
    names = [column.name for column in site_sensors.c if column.name != "device_id"]
    bindings = select(literal(new), *(site_sensors.c[name] for name in names)).where(site_sensors.c.device_id == old)
    connection.execute(insert(site_sensors).from_select(["device_id", *names], bindings))


def succession(connection: Connection, device_id: str) -> Sequence[Row]:
    """Return the chain of replacements that contains a device, the oldest first, with the time in service of each."""
    columns = [devices.c[name] for name in ("device_id", "replaces", "created_at", "retired_at")]
    this = select(*columns, literal(0).label("step")).where(devices.c.device_id == device_id)
    older, newer = this.cte("older", recursive=True), this.cte("newer", recursive=True)
    replaced = select(*columns, older.c.step - 1).join(older, devices.c.device_id == older.c.replaces)
    replacing = select(*columns, newer.c.step + 1).join(newer, devices.c.replaces == newer.c.device_id)
    chain = select(older.union_all(replaced)).union(select(newer.union_all(replacing))).subquery("chain")
    return list(connection.execute(select(chain).order_by(chain.c.step)).mappings())
