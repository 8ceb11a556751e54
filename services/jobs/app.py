"""The runner of periodic jobs: it runs due jobs one after the other. Of several runners one is active."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from rencheng.operations.platform import record_settings
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics import jobs as job_metrics
from rencheng.runtime.outage import tolerate_outage
from rencheng.runtime.timers import poll
from rencheng.store import jobs as job_runs
from rencheng.store.core.database import Engine, translate_errors
from services.jobs.catalogue import Job
from services.jobs.settings import JobSettings

log = get_logger("jobs")

CHECK_EVERY_S = 1.0
"""Seconds between two checks for due jobs, and for the runner's lock to become free."""

STOP_WITHIN_S = 5.0
"""The longest wait for a running job at the end."""

RETRY_AFTER = timedelta(minutes=1)
"""A failed job runs again after this time, or after its interval if that is shorter."""


def run(
    engine: Engine,
    jobs: Sequence[Job],
    settings: JobSettings,
    stop: threading.Event,
    *,
    check_every_s: float = CHECK_EVERY_S,
) -> None:
    """Run due jobs until asked to stop. Starts, and continues, while the database is away."""
    while not stop.is_set():
        with tolerate_outage(log, "no job runs"), translate_errors(), job_runs.acquire_runner(engine) as lock:
            if lock is not None:
                log.info("runner active", jobs=[job.name for job in jobs])
                with engine.begin() as connection:
                    record_settings(connection, settings.retention, actor="jobs")
                _run_due(engine, jobs, settings, stop, lock, check_every_s)
        stop.wait(check_every_s)


def run_until_stopped(
    engine: Engine,
    jobs: Sequence[Job],
    settings: JobSettings,
    stop: threading.Event,
    *,
    check_every_s: float = CHECK_EVERY_S,
    stop_within_s: float = STOP_WITHIN_S,
) -> None:
    """Run as `run` does, but at the end wait for a running job only briefly. Every job may be interrupted."""
    runner = threading.Thread(
        target=run, args=(engine, jobs, settings, stop), kwargs={"check_every_s": check_every_s}, daemon=True
    )
    runner.start()
    while runner.is_alive() and not stop.wait(check_every_s):
        pass
    runner.join(stop_within_s)


def run_once(
    engine: Engine, jobs: Sequence[Job], settings: JobSettings, *, wait_s: float, check_every_s: float = 0.1
) -> bool | None:
    """Run each job once, due or not. Return whether all succeeded; None if another runner is active for `wait_s`."""

    def try_once() -> bool | None:
        with job_runs.acquire_runner(engine) as lock:
            if lock is None:
                return None
            results = [run_job(engine, job, settings) for job in jobs]  # all of them, also after a failure
            return all(results)

    return poll(try_once, every_s=check_every_s, within_s=wait_s)


def _run_due(
    engine: Engine,
    jobs: Sequence[Job],
    settings: JobSettings,
    stop: threading.Event,
    lock: job_runs.RunnerLock,
    check_every_s: float,
) -> None:
    while not stop.is_set():
        now = lock.now()  # fails when the lock is lost
        with engine.connect() as connection:
            runs = {last.name: last for last in job_runs.runs(connection)}
        due = [job for job in jobs if is_due(job, runs.get(job.name), now)]
        if due:
            run_job(engine, due[0], settings)
        else:
            stop.wait(check_every_s)


def is_due(job: Job, last: job_runs.JobRun | None, now: datetime) -> bool:
    """Return whether a job is due, by the database's clock."""
    if last is None:
        return True
    failed = last.succeeded_at is None or last.succeeded_at < last.started_at
    return now >= last.started_at + (min(job.every, RETRY_AFTER) if failed else job.every)


def run_job(engine: Engine, job: Job, settings: JobSettings) -> bool:
    """Run a job now and record the result. Return whether it succeeded.

    Raises:
        StoreUnavailable: the database is away, so that nothing can be recorded.
    """
    started_s = time.monotonic()
    with translate_errors(), engine.begin() as connection:
        job_runs.record_start(connection, job.name, every=job.every)
    try:
        with translate_errors():
            figures = job.run(engine, settings)
    except Exception as error:  # a failing job does not affect the others
        log.exception("job failed", job=job.name)
        with translate_errors(), engine.begin() as connection:
            job_runs.record_failure(connection, job.name, f"{type(error).__name__}: {error}")
        job_metrics.RUNS.labels(job.name, "failed").inc()
        return False
    took_s = time.monotonic() - started_s
    with translate_errors(), engine.begin() as connection:
        job_runs.record_success(connection, job.name, figures)
    job_metrics.RUNS.labels(job.name, "done").inc()
    job_metrics.SECONDS.labels(job.name).set(took_s)
    job_metrics.SUCCEEDED.labels(job.name).set_to_current_time()
    for name, figure in figures.items():
        job_metrics.FIGURES.labels(job.name, name).set(figure)
    if any(figures.values()):
        log.info("job done", job=job.name, took_s=round(took_s, 3), **figures)
    return True
