"""Periodic jobs: when they run, which runner runs them, and what is recorded."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from rencheng.store import jobs as job_runs
from rencheng.store.core.database import open_database
from services.jobs.app import is_due, run, run_job, run_once, run_until_stopped
from services.jobs.catalogue import Job, in_one_transaction
from services.jobs.settings import JobSettings
from tests.support.polling import eventually

HOUR = timedelta(hours=1)
NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="job tests")
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _no_runs(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


@pytest.fixture(scope="module")
def settings(database_url: str) -> JobSettings:
    return JobSettings(database_url=database_url)


def marks(name: str, *, every: timedelta = HOUR) -> Job:
    """A job that leaves a mark in the database."""
    work = in_one_transaction(
        lambda connection, _: {
            "marks": connection.execute(
                text("INSERT INTO worlds VALUES (gen_random_uuid()::text, :name)"), {"name": name}
            ).rowcount
        }
    )
    return Job(name, every, work, "leaves a mark")


def fails(name: str) -> Job:
    def work(_engine: Engine, _settings: JobSettings) -> dict[str, int]:
        raise ZeroDivisionError("nothing to divide by")

    return Job(name, HOUR, work, "always fails")


def marks_of(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM worlds WHERE title = :name")
        return int(connection.execute(query, {"name": name}).scalar_one())


def last(engine: Engine, name: str) -> job_runs.JobRun:
    with engine.connect() as connection:
        return next(entry for entry in job_runs.runs(connection) if entry.name == name)


RUN = partial(run, check_every_s=0.02)


def test_the_figures_of_a_job_are_recorded(engine: Engine, settings: JobSettings) -> None:
    assert run_job(engine, marks("kept"), settings)

    entry = last(engine, "kept")
    assert (entry.figures, entry.failures, entry.error, entry.every) == ({"marks": 1}, 0, None, HOUR)
    assert entry.finished_at == entry.succeeded_at
    assert entry.finished_at is not None
    assert entry.finished_at >= entry.started_at


def test_a_failed_job_records_its_error_and_the_next_job_runs(engine: Engine, settings: JobSettings) -> None:
    assert run_job(engine, fails("f"), settings) is False
    assert run_once(engine, [fails("f"), marks("after")], settings, wait_s=0) is False

    entry = last(engine, "f")
    assert (entry.failures, entry.error, entry.succeeded_at) == (2, "ZeroDivisionError: nothing to divide by", None)
    assert marks_of(engine, "after") == 1


@pytest.mark.parametrize(
    ("succeeded", "age", "due"),
    [
        (True, timedelta(minutes=59), False),
        (True, timedelta(minutes=60), True),
        (False, timedelta(seconds=59), False),  # a failure waits a minute, not an hour
        (False, timedelta(seconds=60), True),
    ],
)
def test_a_job_is_due_after_its_interval_or_sooner_after_failure(*, succeeded: bool, age: timedelta, due: bool) -> None:
    started = NOON - age
    entry = job_runs.JobRun("j", HOUR, started, started, started if succeeded else None, 0, None, None)

    assert is_due(marks("j"), entry, NOON) is due
    assert is_due(marks("j"), None, NOON)


def test_of_two_runners_one_is_active_and_the_other_takes_over(engine: Engine, settings: JobSettings) -> None:
    job = marks("shared", every=timedelta(milliseconds=200))
    stops = [threading.Event(), threading.Event()]
    runners = [threading.Thread(target=RUN, args=(engine, [job], settings, stop)) for stop in stops]
    runners[0].start()
    eventually(lambda: marks_of(engine, "shared") >= 1)
    runners[1].start()
    assert run_once(engine, [job], settings, wait_s=0) is None
    stops[0].set()
    runners[0].join(10)
    done = marks_of(engine, "shared")
    eventually(lambda: marks_of(engine, "shared") > done)
    stops[1].set()
    runners[1].join(10)

    def no_runner_is_active() -> bool:
        with engine.connect() as connection:
            return not job_runs.has_active_runner(connection)

    eventually(no_runner_is_active)


def test_a_runner_that_lost_its_session_takes_the_lock_again(engine: Engine, settings: JobSettings) -> None:
    stop = threading.Event()
    runner = threading.Thread(target=RUN, args=(engine, [marks("lost")], settings, stop))
    runner.start()
    eventually(lambda: marks_of(engine, "lost") == 1)
    holder = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7766 AND objid = 2 AND granted")
    with engine.connect() as connection:
        [first] = connection.execute(holder).scalars()
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})

    def has_another() -> bool:
        with engine.connect() as connection:
            return first not in (pids := list(connection.execute(holder).scalars())) and len(pids) == 1

    eventually(has_another)
    stop.set()
    runner.join(10)
    assert not runner.is_alive()


def test_a_runner_that_is_asked_to_stop_does_not_wait_for_a_long_job(
    database_url: str, engine: Engine, settings: JobSettings
) -> None:
    def sleep(engine: Engine, _settings: JobSettings) -> dict[str, int]:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(20)"))
        return {}

    own = open_database(database_url, name="long job")
    stop = threading.Event()
    job = Job("long", HOUR, sleep, "sleeps")
    runner = threading.Thread(
        target=run_until_stopped,
        args=(own, [job], settings, stop),
        kwargs={"check_every_s": 0.02, "stop_within_s": 0.2},
    )
    runner.start()
    eventually(lambda: _sleeps(engine))
    stop.set()
    runner.join(5)
    assert not runner.is_alive()
    with engine.connect() as connection:  # the end of its process would do the same
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'long job'")
        )


def _sleeps(engine: Engine) -> bool:
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
        return bool(connection.execute(query).scalar_one())


def test_a_job_that_missed_two_runs_is_overdue() -> None:
    entry = job_runs.JobRun("j", HOUR, NOON, None, NOON - 4 * HOUR, 3, None, "away")

    assert entry.is_overdue(NOON)
    assert not entry.is_overdue(NOON - HOUR)


def test_changed_settings_of_retention_are_audited_once(engine: Engine, settings: JobSettings) -> None:
    def start(with_settings: JobSettings) -> None:
        stop = threading.Event()
        runner = threading.Thread(target=run, args=(engine, [], with_settings, stop), kwargs={"check_every_s": 0.01})
        runner.start()
        eventually(lambda: bool(entries()) and entries()[-1]["settings"] == with_settings.retention)
        stop.set()
        runner.join()

    def entries() -> list[dict[str, dict[str, float]]]:
        query = "SELECT detail FROM audit WHERE action = 'storage.settings' ORDER BY audit_id"
        with engine.connect() as connection:
            return list(connection.execute(text(query)).scalars())

    start(settings)
    before = len(entries())
    start(settings)
    start(settings.model_copy(update={"quarantine_keep_days": 30.0}))

    assert len(entries()) == before + 1
    assert entries()[-1]["before"] == {"quarantine_keep_days": 90}
    assert entries()[-1]["after"] == {"quarantine_keep_days": 30}
