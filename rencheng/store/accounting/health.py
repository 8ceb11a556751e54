"""The health of the platform: every part does its work, and rows were committed recently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Float, cast, func, select

from rencheng.domain.heartbeat import PartCondition, PartState
from rencheng.domain.part_rules import judge, worst
from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.accounting.heartbeats import load_platform_record
from rencheng.store.schema.account_tables import ingest_counts, ingest_progress

ROWS_WITHIN_S = 120
"""Rows committed within this time make the platform healthy."""

ALIVE_WITHIN_S = 15
"""Ingest records progress at least once a second. After this time without progress it counts as down."""

Status = Literal["ok", "idle", "down"]

PlatformStatus = Literal["ok", "idle", "behind", "down"]


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """The progress of ingest, over all writers, by the database's clock.

    Attributes:
        at: the current time.
        last_row_at: when the last row was committed; None if never.
        last_row_age_s: seconds since then.
        heartbeat_age_s: seconds since a writer recorded progress; None if never.
    """

    at: datetime
    last_row_at: datetime | None
    last_row_age_s: float | None
    heartbeat_age_s: float | None

    @property
    def status(self) -> Status:
        """`ok`, `idle` (ingest runs without recent rows) or `down`."""
        if self.heartbeat_age_s is None or self.heartbeat_age_s > ALIVE_WITHIN_S:
            return "down"
        if self.last_row_age_s is None or self.last_row_age_s > ROWS_WITHIN_S:
            return "idle"
        return "ok"


@dataclass(frozen=True, slots=True)
class PlatformCondition:
    """The health of ingest, and the state of each part."""

    ingest: IngestHealth
    parts: Sequence[PartCondition]

    @property
    def status(self) -> PlatformStatus:
        """`down` or `behind` if a part is so, else `idle` if no rows were committed recently, else `ok`."""
        state = worst(self.parts).state
        if state is not PartState.OK:
            return "down" if state is PartState.DOWN else "behind"
        return "idle" if self.ingest.status != "ok" else "ok"


def platform_condition(connection: Connection) -> PlatformCondition:
    """Return the health of the platform. The one judgement for `/health`, status, doctor, metrics and compose."""
    return PlatformCondition(ingest_health(connection), judge(load_platform_record(connection)))


def ingest_health(connection: Connection) -> IngestHealth:
    """Return the health of ingest, by one query on a table with one row per writer."""
    last_row_at = func.max(ingest_progress.c.last_row_at)
    row = connection.execute(
        select(func.clock_timestamp(), last_row_at, _age_s(last_row_at), _age_s(func.max(ingest_progress.c.seen_at)))
    ).one()
    return IngestHealth(*row)


def counts_by_kind(connection: Connection, world: str | None = None) -> list[tuple[str, str, ReadingCounts]]:
    """Return (world, kind, counts) of one world or of all, in order."""
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
    return [(name, kind, ReadingCounts(*(int(count) for count in sums))) for name, kind, *sums in rows]


def _age_s(moment: ColumnElement[datetime]) -> ColumnElement[float]:
    return cast(func.extract("epoch", func.clock_timestamp() - moment), Float)
