"""Go on while the database is away: log it, and count it."""

from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import Attempt, tolerate_outage
from rencheng.store.core.database import translate_errors
from services.alerts import metrics

log = get_logger("alerts")

RETRY_S = 1.0
"""Pause before a database or a broker that failed is tried again."""


@contextmanager
def database_optional(consequence: str, **fields: object) -> Iterator[Attempt]:
    """Run the block; if the database is away, log what follows from it, count the failure, and go on."""
    with tolerate_outage(log, consequence, **fields) as attempt, translate_errors():
        yield attempt
    if not attempt.succeeded:
        metrics.count_database_failure()
