"""The database for one command: opened, and closed when the command ends."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.replay.attempt import IntakeLimits
from rencheng.runtime.settings import DatabaseSettings, IntakeSettings
from rencheng.store.core.database import Connection, Engine, open_database, translate_errors


@contextmanager
def open_engine() -> Iterator[Engine]:
    """The database that the settings name.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng")
    try:
        with translate_errors():
            yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction() -> Iterator[Connection]:
    """One transaction of that database."""
    with open_engine() as engine, engine.begin() as connection:
        yield connection


def limits() -> IntakeLimits:
    """By what intake judges, as the settings say."""
    settings = IntakeSettings.load()
    return IntakeLimits(settings.clock_limits, settings.gauge_limits)


def operator() -> str:
    """Who is at the keyboard, for the audit."""
    return f"shell {getpass.getuser()}"
