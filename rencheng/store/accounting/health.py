"""Does the platform work? It does when rows were committed lately, not when a process is up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Float, cast, func, select

from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.schema.account_tables import ingest_counts, ingest_progress

ROWS_WITHIN_S = 120
"""Rows that were committed within this time make the platform healthy."""

ALIVE_WITHIN_S = 15
"""Ingest says at least once a second that it lives; after this silence it does not."""

Status = Literal["ok", "idle", "down"]


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """Ingest's signs of life, of all workers together, by the database's clock.

    Attributes:
        at: what it says now.
        last_row_at: when a row was committed last; None if never.
        last_row_age_s: how long ago that was.
        heartbeat_age_s: how long ago a worker said that it lives; None if never.
    """

    at: datetime
    last_row_at: datetime | None
    last_row_age_s: float | None
    heartbeat_age_s: float | None

    @property
    def status(self) -> Status:
        """`ok`, `idle` (ingest lives, and no rows came lately) or `down`."""
        if self.heartbeat_age_s is None or self.heartbeat_age_s > ALIVE_WITHIN_S:
            return "down"
        if self.last_row_age_s is None or self.last_row_age_s > ROWS_WITHIN_S:
            return "idle"
        return "ok"


def ingest_health(connection: Connection) -> IngestHealth:
    """Feel it. One query on a table with a row a worker."""
    last_row_at = func.max(ingest_progress.c.last_row_at)
    row = connection.execute(
        select(func.clock_timestamp(), last_row_at, _age_s(last_row_at), _age_s(func.max(ingest_progress.c.seen_at)))
    ).one()
    return IngestHealth(*row)


def counts_by_kind(connection: Connection, world: str | None = None) -> list[tuple[str, str, ReadingCounts]]:
    """(world, kind, what became of its readings), of one world or all, in order."""
    columns = ingest_counts.c
    query = (
        select(
            columns.world,
            columns.kind,
            func.sum(columns.stored),
            func.sum(columns.duplicate),
            func.sum(columns.quarantined),
            func.sum(columns.unpacked),
        )
        .group_by(columns.world, columns.kind)
        .order_by(columns.world, columns.kind)
    )
    if world is not None:
        query = query.where(columns.world == world)
    rows = connection.execute(query)
    return [(name, kind, ReadingCounts(*(int(count) for count in tally))) for name, kind, *tally in rows]


def _age_s(moment: ColumnElement[datetime]) -> ColumnElement[float]:
    return cast(func.extract("epoch", func.clock_timestamp() - moment), Float)
