"""Heartbeats in the database, and what else it knows of the processes."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Float, cast, func, select

from rencheng.domain.heartbeat import Heartbeat, Part
from rencheng.domain.part_rules import JobLateness, PlatformRecord
from rencheng.store import jobs
from rencheng.store.core.database import async_commit, database_now
from rencheng.store.schema.account_tables import heartbeats, ingest_progress
from rencheng.store.warnings.record import Undelivered, undelivered

_RECORD = """
INSERT INTO heartbeats (part, instance, started_at, at, has_stopped, version, figures)
VALUES (%s, %s, %s, clock_timestamp(), %s, %s, %s::jsonb) ON CONFLICT (part, instance) DO UPDATE SET
    started_at = excluded.started_at, at = excluded.at, has_stopped = excluded.has_stopped,
    version = excluded.version, figures = excluded.figures
"""


def record_heartbeat(
    connection: Connection,
    part: Part,
    instance: str,
    *,
    started_at: datetime,
    version: str,
    figures: Mapping[str, float | None],
    has_stopped: bool = False,
) -> None:
    """Record the heartbeat of a process, by the database's clock."""
    async_commit(connection)  # one that is lost in a crash would be old when the server is back
    values = (part.value, instance, started_at, has_stopped, version, json.dumps(dict(figures)))
    connection.exec_driver_sql(_RECORD, values)


def load_heartbeats(connection: Connection) -> list[Heartbeat]:
    """Return the last heartbeat of each instance."""
    age_s = cast(func.extract("epoch", func.clock_timestamp() - heartbeats.c.at), Float)
    columns = heartbeats.c
    query = select(
        columns.part,
        columns.instance,
        columns.started_at,
        columns.at,
        func.greatest(age_s, 0.0),
        columns.has_stopped,
        columns.version,
        columns.figures,
    ).order_by(columns.part, columns.instance)
    known = {part.value for part in Part}
    return [Heartbeat(Part(part), *rest) for part, *rest in connection.execute(query) if part in known]


def load_platform_record(connection: Connection, only: Part | None = None) -> PlatformRecord:
    """Return what the database knows of the processes, for `rencheng.domain.part_rules.judge`.

    Args:
        connection: a read connection.
        only: read what concerns this part alone, because the role of its service may read no more.
    """
    now = database_now(connection)
    seen_at, waiting, overdue = None, Undelivered(0, None), []
    if only in (None, Part.INGEST):
        seen_at = connection.execute(select(func.max(ingest_progress.c.seen_at))).scalar_one()
    if only in (None, Part.ALERTS):
        waiting = undelivered(connection)
    if only in (None, Part.JOBS):
        overdue = [
            JobLateness(run.name, (now - (run.succeeded_at or run.started_at)).total_seconds())
            for run in jobs.runs(connection)
            if run.is_overdue(now)
        ]
    return PlatformRecord(
        heartbeats=load_heartbeats(connection),
        writers_seen_s=_seconds(now, seen_at),
        undelivered=waiting.messages,
        undelivered_s=max(0.0, _seconds(now, waiting.oldest_at) or 0.0),
        overdue_jobs=overdue,
    )


def _seconds(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else (now - at).total_seconds()
