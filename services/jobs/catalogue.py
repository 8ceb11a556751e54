"""The periodic jobs: their names, intervals and functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from rencheng import series_quality
from rencheng.domain.kind import Kind
from rencheng.runtime.clock import SYSTEM_CLOCK
from rencheng.store.core.database import Connection, Engine
from rencheng.store.quality import delete_flags
from rencheng.store.retention.quarantine import drop_old_entries
from rencheng.store.retention.weather import delete_old_weather
from services.jobs import storage
from services.jobs.reports import make_reports
from services.jobs.settings import JobSettings

Figures = Mapping[str, int]
"""The results of a run as numbers, for log and metrics: `{"chunks_dropped": 2}`."""


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job.

    Attributes:
        name: package and task, such as `storage.retention`; the key of its last run.
        every: the interval from one start to the next. A failed run is repeated after a minute if that is sooner.
        run: the work, in its own transactions. It must tolerate being killed and repeated.
        says: one sentence for people.
    """

    name: str
    every: timedelta
    run: Callable[[Engine, JobSettings], Figures]
    title: str


def in_one_transaction(work: Callable[[Connection, JobSettings], Figures]) -> Callable[[Engine, JobSettings], Figures]:
    """Return a job function that calls `work` in one transaction."""

    def run(engine: Engine, settings: JobSettings) -> Figures:
        with engine.begin() as connection:
            return work(connection, settings)

    return run


def _test_series(engine: Engine, settings: JobSettings) -> Figures:
    now = SYSTEM_CLOCK.now()
    figures = series_quality.run(engine, now, settings.gauge_limits)
    keep = settings.keep(Kind.WATERLOGGING, "raw")
    if keep is not None:  # flags are deleted with their readings
        with engine.begin() as connection:
            figures["flags_deleted"] = delete_flags(connection, before=now - keep)
    return figures


def _trim_quarantine(engine: Engine, settings: JobSettings) -> Figures:
    figures = {"entries_dropped": 0, "readings_dropped": 0}
    more = True
    while more:
        with engine.begin() as connection:
            dropped = drop_old_entries(
                connection,
                SYSTEM_CLOCK.now(),
                keep_days=settings.quarantine_keep_days,
                keep_bytes=settings.quarantine_keep_mb * 2**20,
            )
        figures["entries_dropped"] += dropped.entries
        figures["readings_dropped"] += dropped.readings
        more = dropped.more
    return figures


def _trim_weather(connection: Connection, settings: JobSettings) -> Figures:
    return delete_old_weather(
        connection,
        SYSTEM_CLOCK.now(),
        signal_days=settings.weather_signal_keep_days,
        forecast_days=settings.weather_forecast_keep_days,
        document_bytes=settings.weather_document_keep_mb * 2**20,
    )


JOBS: tuple[Job, ...] = (
    Job("storage.rollups", timedelta(minutes=1), storage.roll_up_touched, "refresh stale rollups"),
    Job(
        "storage.arrange",
        timedelta(hours=6),
        in_one_transaction(storage.arrange),
        "set chunk intervals and columnstore policies",
    ),
    Job("storage.retention", timedelta(hours=1), storage.drop_what_is_old, "drop old chunks that are rolled up"),
    Job("quarantine.retention", timedelta(hours=1), _trim_quarantine, "drop quarantine entries by age and size"),
    Job(
        "weather.retention",
        timedelta(hours=1),
        in_one_transaction(_trim_weather),
        "delete old rain signals and forecasts, also of exercises",
    ),
    Job("quality.series", timedelta(minutes=5), _test_series, "run the quality tests on the series of all gauges"),
    Job("reports.make", timedelta(minutes=1), make_reports, "make event reports after the all-clear and the reopening"),
)
"""The jobs, in the order in which they run when several are due."""
