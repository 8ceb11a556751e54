"""Event reports: each is made by itself after the all-clear, and once more after the reopening."""

from rencheng.operations.reports import make_report
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.reports.event_reports import warnings_to_report
from services.jobs.settings import JobSettings

log = get_logger("jobs")

ACTOR = "job reports.make"

AT_ONCE = 100
"""Reports of one run, so that after a storm other jobs run in between. Proposal."""


def make_reports(engine: Engine, _settings: JobSettings) -> dict[str, int]:
    """Make the reports that are due. What people wrote into an earlier version stays."""
    with engine.connect() as connection:
        due = warnings_to_report(connection, limit=AT_ONCE)
    figures = {"reports_made": 0, "reports_failed": 0}
    for warning_id in due:
        try:
            with translate_errors(), engine.begin() as connection:
                make_report(connection, warning_id, {}, actor=ACTOR)
            figures["reports_made"] += 1
        except Exception:  # one that cannot be made stops no other
            figures["reports_failed"] += 1
            log.exception("report cannot be made", warning=warning_id)
    return figures
