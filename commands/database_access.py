"""What most commands need: the database, the intake limits, and the operator's name."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.replay.attempt import IntakeLimits
from rencheng.runtime.settings import DatabaseSettings, IntakeSettings
from rencheng.store.core.database import Connection, Engine, open_database, translate_errors
from rencheng.store.core.deadline import bound_answers


@contextmanager
def open_engine(*, answer_within_s: float | None = None) -> Iterator[Engine]:
    """Open the database of the settings, and close it at the end.

    Args:
        answer_within_s: the longest wait for the server's answer; without it as long as the work takes.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng")
    if answer_within_s is not None:
        bound_answers(engine, answer_within_s)
    try:
        with translate_errors():
            yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction() -> Iterator[Connection]:
    """Run one transaction on that database."""
    with open_engine() as engine, engine.begin() as connection:
        yield connection


def limits() -> IntakeLimits:
    """Return the limits that intake applies."""
    settings = IntakeSettings.load()
    return IntakeLimits(settings.clock_limits, settings.gauge_limits)


def operator() -> str:
    """Return the name of the operator for the audit log."""
    return f"shell {getpass.getuser()}"
