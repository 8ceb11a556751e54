"""One poisoned site, message or row must not silence the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.errors import is_unavailable

log = get_logger("alerts")


@contextmanager
def isolated(what: str, **about: object) -> Iterator[None]:
    """Say loudly what went wrong in here, with its trace, and go on after it.

    That the database is away is no such thing, and passes.
    """
    try:
        yield
    except StoreUnavailable:
        raise
    except Exception as error:
        if is_unavailable(error):
            raise
        log.exception("contained, going on without it", what=what, **about)
