"""Runs what is due, one after the other. Of several runners one works, the others stand by."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics import JOB_FIGURES, JOB_RUNS, JOB_SECONDS, JOB_SUCCEEDED
from rencheng.store import jobs as ledger
from rencheng.store.core.database import Engine, translate_errors
from services.jobs.catalogue import Job
from services.jobs.settings import JobSettings

log = get_logger("jobs")

LOOK_S = 1.0
"""How often to look for what is due, and for the one place to become free."""

STOP_S = 5.0
"""How long a job under way is waited for at the end."""

RETRY_AFTER = timedelta(minutes=1)


def run(engine: Engine, jobs: Sequence[Job], settings: JobSettings, stop: threading.Event) -> None:
    """Do what is due until asked to stop. Starts, and goes on trying, while the database is away."""
    while not stop.is_set():
        try:
            with translate_errors(), ledger.acquire_runner(engine) as place:
                if place is not None:
                    log.info("on duty", jobs=[job.name for job in jobs])
                    _run_due(engine, jobs, settings, stop, place)
        except StoreUnavailable as away:
            log.warning("database away", why=str(away))
        stop.wait(LOOK_S)


def run_until_stopped(engine: Engine, jobs: Sequence[Job], settings: JobSettings, stop: threading.Event) -> None:
    """As `run`, but a job that is under way at the end is waited for a little, and then cut off: it bears that."""
    runner = threading.Thread(target=run, args=(engine, jobs, settings, stop), daemon=True)
    runner.start()
    while runner.is_alive() and not stop.wait(LOOK_S):
        pass
    runner.join(STOP_S)


def run_once(engine: Engine, jobs: Sequence[Job], settings: JobSettings, *, wait_s: float) -> bool | None:
    """Do each job once, due or not. Were all of them done? None: another runner is on duty."""
    until = time.monotonic() + wait_s
    while True:
        with ledger.acquire_runner(engine) as place:
            if place is not None:
                ended_well = [run_job(engine, job, settings) for job in jobs]  # each, also after one that failed
                return all(ended_well)
        if time.monotonic() >= until:
            return None
        time.sleep(0.1)


def _run_due(
    engine: Engine, jobs: Sequence[Job], settings: JobSettings, stop: threading.Event, place: ledger.RunnerLock
) -> None:
    while not stop.is_set():
        now = place.now()  # also sees that the place is still ours
        with engine.connect() as connection:
            runs = {entry.name: entry for entry in ledger.runs(connection)}
        due = [job for job in jobs if is_due(job, runs.get(job.name), now)]
        if due:
            run_job(engine, due[0], settings)
        else:
            stop.wait(LOOK_S)


def is_due(job: Job, last: ledger.JobRun | None, now: datetime) -> bool:
    """Is it time, by the database's clock?"""
    if last is None:
        return True
    failed = last.succeeded_at is None or last.succeeded_at < last.started_at
    return now >= last.started_at + (min(job.every, RETRY_AFTER) if failed else job.every)


def run_job(engine: Engine, job: Job, settings: JobSettings) -> bool:
    """Run a job now and write down what became of it. Did it succeed?

    Raises:
        StoreUnavailable: the database is away, so that nothing can be written down either.
    """
    began = time.monotonic()
    with translate_errors(), engine.begin() as connection:
        ledger.record_start(connection, job.name, every=job.every)
    try:
        with translate_errors():
            figures = job.run(engine, settings)
    except Exception as error:  # one job's trouble, whatever it is, is not the others'
        log.exception("job failed", job=job.name)
        with translate_errors(), engine.begin() as connection:
            ledger.record_failure(connection, job.name, f"{type(error).__name__}: {error}")
        JOB_RUNS.labels(job.name, "failed").inc()
        return False
    took_s = time.monotonic() - began
    with translate_errors(), engine.begin() as connection:
        ledger.record_success(connection, job.name, figures)
    JOB_RUNS.labels(job.name, "done").inc()
    JOB_SECONDS.labels(job.name).set(took_s)
    JOB_SUCCEEDED.labels(job.name).set_to_current_time()
    for name, figure in figures.items():
        JOB_FIGURES.labels(job.name, name).set(figure)
    if any(figures.values()):
        log.info("job done", job=job.name, took_s=round(took_s, 3), **figures)
    return True
