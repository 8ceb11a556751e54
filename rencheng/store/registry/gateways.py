"""The gateways: who may speak for devices without an account of their own."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.store.schema.tables import gateways


def register_gateway(connection: Connection, gateway: Gateway, password_hash: str) -> None:
    """Make a gateway known, or give a known one a new password. Its region must be known."""
    row = {"region": gateway.region, "kind": gateway.kind, "mqtt_password_hash": password_hash}
    connection.execute(
        insert(gateways)
        .values(row)
        .on_conflict_do_update(index_elements=["region", "kind"], set_={"mqtt_password_hash": password_hash})
    )


def remove_gateway(connection: Connection, gateway: Gateway) -> bool:
    """Take its right away. False if there is no such gateway."""
    query = delete(gateways).where(gateways.c.region == gateway.region, gateways.c.kind == gateway.kind)
    return connection.execute(query).rowcount == 1


def load_gateways(connection: Connection) -> list[tuple[Gateway, str]]:
    """Each with the hash of its password."""
    rows = connection.execute(select(gateways).order_by(gateways.c.region, gateways.c.kind))
    return [(Gateway(row.region, Kind(row.kind)), row.mqtt_password_hash) for row in rows]
