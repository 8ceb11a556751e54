"""Gateways: accounts that publish for devices without an account of their own."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.store.schema.tables import gateways


def register_gateway(connection: Connection, gateway: Gateway, password_hash: str) -> None:
    """Register a gateway, or set a new password for it. Its region must exist."""
    row = {"region": gateway.region, "kind": gateway.kind, "mqtt_password_hash": password_hash}
    connection.execute(
        insert(gateways)
        .values(row)
        .on_conflict_do_update(index_elements=["region", "kind"], set_={"mqtt_password_hash": password_hash})
    )


def remove_gateway(connection: Connection, gateway: Gateway) -> bool:
    """Remove a gateway. Return False if there is no such gateway."""
    query = delete(gateways).where(gateways.c.region == gateway.region, gateways.c.kind == gateway.kind)
    return connection.execute(query).rowcount == 1


def load_gateways(connection: Connection) -> list[tuple[Gateway, str]]:
    """Return (gateway, password hash) of all gateways."""
    rows = connection.execute(select(gateways).order_by(gateways.c.region, gateways.c.kind))
    return [(Gateway(row.region, Kind(row.kind)), row.mqtt_password_hash) for row in rows]
