"""Keep the failure of one site, message or row from stopping the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.errors import is_unavailable

log = get_logger("alerts")


@contextmanager
def isolated(what: str, **fields: object) -> Iterator[None]:
    """Run the block; log an error with its traceback, and go on after the block.

    An error that means "database away" is not caught here.

    Args:
        what: the piece of work, for the log.
        fields: more for the log line.
    """
    try:
        yield
    except StoreUnavailable:
        raise
    except Exception as error:
        if is_unavailable(error):
            raise
        log.exception("failed, continuing without it", what=what, **fields)
