"""Jobs of the storage: rollups, chunk intervals, columnstore, retention."""

from datetime import timedelta

from rencheng.domain.kind import Kind
from rencheng.runtime.clock import SYSTEM_CLOCK
from rencheng.store.core.database import Connection, Engine
from rencheng.store.hypertables.catalog import hypertables
from rencheng.store.hypertables.chunk_sizes import fit_chunk_intervals, measured_rows_per_day
from rencheng.store.hypertables.columnstore import set_columnstore_policies
from rencheng.store.retention.readings import drop_old_chunks
from rencheng.store.rollups.refresh import roll_up
from services.jobs.settings import JobSettings

ROLL_UP_BUDGET_S = 45.0
"""Less than a minute, so that other jobs run while a month is rolled up."""


def roll_up_touched(engine: Engine, _settings: JobSettings) -> dict[str, int]:
    """Refresh stale rollups."""
    return roll_up(engine, budget_s=ROLL_UP_BUDGET_S)


def arrange(connection: Connection, settings: JobSettings) -> dict[str, int]:
    """Set the interval of new chunks by the measured rates, and the policies of the columnstore."""
    rates = measured_rows_per_day(connection, SYSTEM_CLOCK.now())
    expected = {kind: max(settings.expected_rows_per_day(kind), rates.get(kind, 0)) for kind in Kind}
    refitted = fit_chunk_intervals(connection, expected)
    policies = set_columnstore_policies(connection, timedelta(days=settings.storage_columnstore_after_days))
    return {"chunk_lengths_changed": len(refitted), "columnstore_policies_changed": len(policies)}


def drop_what_is_old(engine: Engine, settings: JobSettings) -> dict[str, int]:
    """Drop chunks older than their retention period. Chunks that a rollup still needs are withheld."""
    with engine.connect() as connection:
        tables = hypertables(connection)
    figures = {"chunks_dropped": 0, "chunks_withheld": 0}
    for hypertable in tables:
        keep = settings.keep(hypertable.kind, hypertable.granularity)
        if keep is None:
            continue
        with engine.begin() as connection:
            dropped = drop_old_chunks(connection, hypertable, keep)
        figures["chunks_dropped"] += len(dropped.chunks)
        figures["chunks_withheld"] += len(dropped.withheld)
    return figures
