"""The columnstore: old chunks are compressed by device in order of time, about 18:1. Community edition only."""

from datetime import timedelta

from sqlalchemy import Connection, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.catalog import RAW, RAW_TABLES, Hypertable, hypertables
from rencheng.store.hypertables.edition import edition
from rencheng.store.schema.granularity import Granularity


def set_columnstore_policies(connection: Connection, after: timedelta) -> dict[str, timedelta]:
    """Let TimescaleDB compress chunks this long after their end. Does nothing where the licence forbids it.

    Late readings can still be inserted, and a duplicate is still found, because keys are looked up in the columnstore.

    Returns:
        The hypertables whose policy is new or changed, with the time after which their chunks are compressed. Rollups
        wait longer, because late readings delete and insert their buckets.
    """
    allowed = edition(connection)
    if not (allowed.columnstore and allowed.policies):
        return {}
    changed = {}
    for hypertable in hypertables(connection):
        if hypertable.granularity == Granularity.DAY:
            continue  # small, and refreshed until the end of the day
        wait = after if hypertable.granularity == RAW else after + _ROLLUP_WAITS
        if _policy(connection, hypertable) != wait:
            _set_policy(connection, hypertable, wait)
            changed[hypertable.qualified_name] = wait
    return changed


_ORDER = {
    kind: [column.name for column in table.primary_key if column.name != "device_id"]
    for kind, table in RAW_TABLES.items()
}
_KEY_COLUMNS = {Kind.WATERLOGGING: "channel", Kind.SIGNAL: "event_id", Kind.CHARGING: "connector_id, measurand"}

_ROLLUP_WAITS = timedelta(days=30)
"""The longest time that a device may buffer readings (`RENCHENG_INGEST_PAST_DAYS`)."""


def _policy(connection: Connection, hypertable: Hypertable) -> timedelta | None:
    """Return the time after which chunks are compressed; None without a policy."""
    # a continuous aggregate is listed under its own name, not under that of its materialisation
    query = text(
        "SELECT CAST(config ->> 'compress_after' AS interval) FROM timescaledb_information.jobs"
        " WHERE proc_name = 'policy_compression' AND format('%s.%s', hypertable_schema, hypertable_name) = :name"
    )
    after: timedelta | None = connection.execute(query, {"name": hypertable.qualified_name}).scalar()
    return after


def _set_policy(connection: Connection, hypertable: Hypertable, after: timedelta) -> None:
    order = (
        ", ".join(_ORDER[hypertable.kind])
        if hypertable.granularity == RAW
        else f"bucket, {_KEY_COLUMNS[hypertable.kind]}"
    )
    relation = "TABLE" if hypertable.is_table else "MATERIALIZED VIEW"
    connection.execute(
        text(
            f"ALTER {relation} {hypertable.qualified_name} SET (timescaledb.enable_columnstore = true,"
            f" timescaledb.segmentby = 'device_id', timescaledb.orderby = '{order}')"
        )
    )
    connection.execute(text(f"CALL remove_columnstore_policy('{hypertable.qualified_name}', if_exists => true)"))
    connection.execute(
        text(f"CALL add_columnstore_policy('{hypertable.qualified_name}', after => CAST(:after AS interval))"),
        {"after": after},
    )
