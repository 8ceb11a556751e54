"""Wait for notifications that something was decided or enqueued."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from rencheng.store.core.driver import driver_of
from rencheng.store.response.enqueue import CHANNEL

_WAIT_S = 0.5


def wait_for_wakeup(engine: Engine, on_wakeup: Callable[[], object], stop: Event) -> None:
    """Call a function at each notification until asked to stop. Several at once are one."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        on_wakeup()  # what was enqueued before
        while not stop.is_set():
            if list(driver_of(connection).notifies(timeout=_WAIT_S, stop_after=1)):
                on_wakeup()
    finally:
        with suppress(SQLAlchemyError):
            connection.invalidate()  # it listens, so it must not return to the pool
            connection.close()
