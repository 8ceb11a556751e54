"""Upkeep of what is stored: rollups, chunks of the right length, the columnstore, and the end of what is old."""

from datetime import UTC, datetime, timedelta

from rencheng.domain.kind import Kind
from rencheng.store.core.database import Connection, Engine
from rencheng.store.hypertables.catalog import hypertables
from rencheng.store.hypertables.chunk_sizes import fit_chunk_intervals, measured_rows_per_day
from rencheng.store.hypertables.columnstore import set_columnstore_policies
from rencheng.store.retention.readings import drop_old_chunks
from rencheng.store.rollups.refresh import roll_up
from services.jobs.settings import JobSettings

ROLL_UP_BUDGET_S = 45.0
"""Within a minute, so that the other jobs have their turn also while a month is rolled up."""


def roll_up_touched(engine: Engine, _settings: JobSettings) -> dict[str, int]:
    """Bring the rollups up to the readings."""
    return roll_up(engine, budget_s=ROLL_UP_BUDGET_S)


def arrange(connection: Connection, settings: JobSettings) -> dict[str, int]:
    """Fit the length of new chunks to what comes in, and have old ones kept by columns."""
    rates = measured_rows_per_day(connection, datetime.now(UTC))
    expected = {kind: max(settings.expected_rows_per_day(kind), rates.get(kind, 0)) for kind in Kind}
    refitted = fit_chunk_intervals(connection, expected)
    policies = set_columnstore_policies(connection, timedelta(days=settings.storage_columnstore_after_days))
    return {"chunk_lengths_changed": len(refitted), "columnstore_policies_changed": len(policies)}


def drop_what_is_old(engine: Engine, settings: JobSettings) -> dict[str, int]:
    """Drop chunks that are older than they need be kept; those that a rollup still needs wait for it."""
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
