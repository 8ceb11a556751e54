"""Old chunks by columns, a device beside itself in order of time: some eighteen to one. Where the licence allows."""

from datetime import timedelta

from sqlalchemy import Connection, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.catalog import RAW, RAW_TABLES, Hypertable, hypertables
from rencheng.store.hypertables.edition import edition
from rencheng.store.schema.granularity import Granularity


def set_columnstore_policies(connection: Connection, after: timedelta) -> dict[str, timedelta]:
    """Have TimescaleDB turn chunks into columns when their end lies so far back. Nothing where the licence forbids it.

    Readings that come later still find their place, and their like: a key is looked up among the columns, too.

    Returns:
        The tables whose policy is new or changed, and after how long their chunks turn. Rollups wait for the next chunk
        of theirs as well, because what is late is rolled up by deleting and inserting.
    """
    allowed = edition(connection)
    if not (allowed.columnstore and allowed.policies):
        return {}
    changed = {}
    for hypertable in hypertables(connection):
        if hypertable.granularity == Granularity.DAY:
            continue  # small, and touched to the end of its day
        wait = after if hypertable.granularity == RAW else after + _ROLLUP_WAITS
        if _policy(connection, hypertable) != wait:
            _switch_on(connection, hypertable, wait)
            changed[hypertable.handle] = wait
    return changed


_ORDER = {
    kind: [column.name for column in table.primary_key if column.name != "device_id"]
    for kind, table in RAW_TABLES.items()
}
_EACH = {Kind.WATERLOGGING: "channel", Kind.SIGNAL: "event_id", Kind.CHARGING: "connector_id, measurand"}

_ROLLUP_WAITS = timedelta(days=30)
"""As long as a device may buffer (`RENCHENG_INGEST_PAST_DAYS`)."""


def _policy(connection: Connection, hypertable: Hypertable) -> timedelta | None:
    """After how long its chunks turn into columns by now; None: not at all."""
    # a continuous aggregate stands there under its own name, not under that of its materialisation
    query = text(
        "SELECT CAST(config ->> 'compress_after' AS interval) FROM timescaledb_information.jobs"
        " WHERE proc_name = 'policy_compression' AND format('%s.%s', hypertable_schema, hypertable_name) = :handle"
    )
    after: timedelta | None = connection.execute(query, {"handle": hypertable.handle}).scalar()
    return after


def _switch_on(connection: Connection, hypertable: Hypertable, after: timedelta) -> None:
    order = ", ".join(_ORDER[hypertable.kind]) if hypertable.granularity == RAW else f"bucket, {_EACH[hypertable.kind]}"
    what = "TABLE" if hypertable.is_table else "MATERIALIZED VIEW"
    connection.execute(
        text(
            f"ALTER {what} {hypertable.handle} SET (timescaledb.enable_columnstore = true,"
            f" timescaledb.segmentby = 'device_id', timescaledb.orderby = '{order}')"
        )
    )
    connection.execute(text(f"CALL remove_columnstore_policy('{hypertable.handle}', if_exists => true)"))
    connection.execute(
        text(f"CALL add_columnstore_policy('{hypertable.handle}', after => CAST(:after AS interval))"), {"after": after}
    )
