"""The ledger of periodic jobs: who may run them, and what became of the last run of each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, null, select, text
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.schema.job_tables import jobs

_PLACE = "pg_try_advisory_lock(7766, 2)"  # 7766, 1 is of migration 0002


class RunnerLock:
    """The one place of a runner: a lock that ends with its session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> datetime:
        """The database's clock. Fails when the session is gone, and with it the place."""
        moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        self._connection.commit()
        return moment


@contextmanager
def acquire_runner(engine: Engine) -> Iterator[RunnerLock | None]:
    """Take the place if it is free; None if another has it."""
    with engine.connect() as connection:
        has_place = connection.execute(text(f"SELECT {_PLACE}")).scalar_one()
        connection.commit()  # the lock is the session's, not the transaction's
        try:
            yield RunnerLock(connection) if has_place else None
        finally:
            connection.invalidate()  # ends the session, and with it the lock


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of a job.

    Attributes:
        finished_at: None while it runs, and if it was cut off.
        succeeded_at: when a run ended well last.
        failures: how many failed since then.
        figures: what the last good run did.
        error: why the last run failed; None if it did not.
    """

    name: str
    every: timedelta
    started_at: datetime
    finished_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    figures: Mapping[str, Any] | None
    error: str | None

    def is_overdue(self, now: datetime) -> bool:
        """Has it had time for two runs more than it made?"""
        return now - (self.succeeded_at or self.started_at) > 3 * self.every + timedelta(minutes=5)


def runs(connection: Connection) -> list[JobRun]:
    """The last run of every job that ever ran."""
    columns = (
        jobs.c.name, jobs.c.every, jobs.c.started_at, jobs.c.finished_at, jobs.c.succeeded_at, jobs.c.failures,
        jobs.c.figures, jobs.c.error,
    )  # fmt: skip
    return [JobRun(*row) for row in connection.execute(select(*columns).order_by(jobs.c.name))]


def record_start(connection: Connection, name: str, *, every: timedelta) -> None:
    """A run begins. What is known of the last good one stays."""
    statement = insert(jobs).values(name=name, every=every, started_at=func.clock_timestamp(), failures=0)
    begun = {"every": statement.excluded.every, "started_at": statement.excluded.started_at, "finished_at": null()}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=begun))


def record_success(connection: Connection, name: str, figures: Mapping[str, int]) -> None:
    """The run did its work."""
    now = func.now()  # the same for both, and of a transaction that has just begun
    connection.execute(
        jobs.update()
        .where(jobs.c.name == name)
        .values(finished_at=now, succeeded_at=now, failures=0, figures=dict(figures), error=None)
    )


def record_failure(connection: Connection, name: str, error: str) -> None:
    """The run did not."""
    connection.execute(
        jobs.update()
        .where(jobs.c.name == name)
        .values(
            finished_at=func.clock_timestamp(), failures=jobs.c.failures + 1, error=error.strip().splitlines()[0][:500]
        )
    )


def has_active_runner(connection: Connection) -> bool:
    """Does any runner hold the place?"""
    query = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7766 AND objid = 2 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(connection.execute(query).scalar_one())
