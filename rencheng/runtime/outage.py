"""Continue while the database is away, and log the outage."""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.typing import FilteringBoundLogger

from rencheng.domain.errors import StoreUnavailable


class Attempt:
    """Whether a piece of work that needs the database was done.

    Attributes:
        succeeded: False while the work is under way and if the database was away.
    """

    def __init__(self) -> None:
        self.succeeded = False


@contextmanager
def tolerate_outage(log: FilteringBoundLogger, consequence: str, **fields: object) -> Iterator[Attempt]:
    """Run the block; if the database is away, log a warning and go on after the block.

    Args:
        log: the logger for the warning.
        consequence: the effect for the operator, such as "silences and weather stay as they were".
        fields: further fields of the log line.

    Yields:
        An attempt. After the block `succeeded` is True if the work was done.
    """
    attempt = Attempt()
    try:
        yield attempt
        attempt.succeeded = True
    except StoreUnavailable as away:
        log.warning("database away", consequence=consequence, why=str(away), **fields)
