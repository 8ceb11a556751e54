"""Start the runner of periodic jobs: `python -m services.jobs`."""

import sys

from rencheng.domain.errors import Misconfigured
from rencheng.domain.heartbeat import Part
from rencheng.heartbeats import HeartbeatWriter
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from rencheng.runtime.metrics.server import serve_metrics
from rencheng.store.core.database import open_database
from services.jobs.app import run_until_stopped
from services.jobs.catalogue import JOBS
from services.jobs.settings import JobSettings
from services.jobs.watch import Watch


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        settings = JobSettings.load()
    except Misconfigured as error:
        sys.exit(str(error))
    engine = open_database(settings.database_url, name="rencheng-jobs")
    metrics = serve_metrics(settings.jobs_metrics_port, settings.metrics_host)
    with metrics, HeartbeatWriter(settings.database_url, Part.JOBS), Watch(settings):
        run_until_stopped(engine, JOBS, settings, stop)


if __name__ == "__main__":
    main()
