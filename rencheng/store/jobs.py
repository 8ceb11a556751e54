"""Periodic jobs: the lock of the active runner, and the last run of each job."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, null, select, text
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.schema.job_tables import jobs

_LOCK = "pg_try_advisory_lock(7766, 2)"  # migration 0002 uses 7766, 1


class RunnerLock:
    """The lock of the active runner. It ends with its database session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> datetime:
        """Return the time of the database's clock. Fails when the session, and with it the lock, is lost."""
        moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        self._connection.commit()
        return moment


@contextmanager
def acquire_runner(engine: Engine) -> Iterator[RunnerLock | None]:
    """Take the lock if it is free; yield None if another runner has it."""
    with engine.connect() as connection:
        is_locked = connection.execute(text(f"SELECT {_LOCK}")).scalar_one()
        connection.commit()  # the lock belongs to the session, not to the transaction
        try:
            yield RunnerLock(connection) if is_locked else None
        finally:
            connection.invalidate()  # end the session, and with it the lock


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of a job.

    Attributes:
        finished_at: None while it runs, and if it was interrupted.
        succeeded_at: when the last successful run ended.
        failures: the number of failures since then.
        figures: the results of the last successful run.
        error: the error of the last run; None if it succeeded.
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
        """Return whether at least two runs are missing."""
        return now - (self.succeeded_at or self.started_at) > 3 * self.every + timedelta(minutes=5)


def runs(connection: Connection) -> list[JobRun]:
    """Return the last run of each job."""
    columns = (
        jobs.c.name, jobs.c.every, jobs.c.started_at, jobs.c.finished_at, jobs.c.succeeded_at, jobs.c.failures,
        jobs.c.figures, jobs.c.error,
    )  # fmt: skip
    return [JobRun(*row) for row in connection.execute(select(*columns).order_by(jobs.c.name))]


def record_start(connection: Connection, name: str, *, every: timedelta) -> None:
    """Record the start of a run. The results of the last successful run stay."""
    statement = insert(jobs).values(name=name, every=every, started_at=func.clock_timestamp(), failures=0)
    started = {"every": statement.excluded.every, "started_at": statement.excluded.started_at, "finished_at": null()}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=started))


def record_success(connection: Connection, name: str, figures: Mapping[str, int]) -> None:
    """Record a successful run."""
    now = func.now()  # one value for both columns
    connection.execute(
        jobs.update()
        .where(jobs.c.name == name)
        .values(finished_at=now, succeeded_at=now, failures=0, figures=dict(figures), error=None)
    )


def record_failure(connection: Connection, name: str, error: str) -> None:
    """Record a failed run."""
    connection.execute(
        jobs.update()
        .where(jobs.c.name == name)
        .values(
            finished_at=func.clock_timestamp(), failures=jobs.c.failures + 1, error=error.strip().splitlines()[0][:500]
        )
    )


def has_active_runner(connection: Connection) -> bool:
    """Return whether a runner holds the lock."""
    query = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7766 AND objid = 2 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(connection.execute(query).scalar_one())
