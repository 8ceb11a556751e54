"""Metrics of the periodic jobs."""

from prometheus_client import Counter, Gauge

RUNS = Counter("rencheng_job_runs", "Runs of periodic jobs, by outcome: done or failed.", ["job", "outcome"])
SECONDS = Gauge("rencheng_job_seconds", "Duration of the last successful run, seconds.", ["job"])
SUCCEEDED = Gauge("rencheng_job_succeeded_timestamp_seconds", "End of the last successful run, Unix time.", ["job"])
FIGURES = Gauge("rencheng_job_figure", "Figures of the last successful run.", ["job", "figure"])
FAULTS = Gauge("rencheng_watch_faults", "Faults in what follows a warning, by kind.", ["kind"])
LOOKED = Gauge("rencheng_watch_looked_timestamp_seconds", "Last look of the watch, Unix time.")
BEATEN = Gauge("rencheng_watch_heartbeat_timestamp_seconds", "Last heartbeat that the outside alarm got, Unix time.")
