"""Metrics of the periodic jobs."""

from prometheus_client import Counter, Gauge

RUNS = Counter("rencheng_job_runs", "Runs of periodic jobs, by outcome: done or failed.", ["job", "outcome"])
SECONDS = Gauge("rencheng_job_seconds", "Duration of the last successful run, seconds.", ["job"])
SUCCEEDED = Gauge("rencheng_job_succeeded_timestamp_seconds", "End of the last successful run, Unix time.", ["job"])
FIGURES = Gauge("rencheng_job_figure", "Figures of the last successful run.", ["job", "figure"])
