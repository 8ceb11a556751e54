"""How many writers should run: the number that `rencheng writers` set last, or else the setting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.accounting.writer_count import writer_count
from rencheng.store.core.database import Engine, open_database, translate_errors
from services.ingest.settings import IngestSettings

POLL_S = 1.0


class WriterCountWatch:
    """The wanted number of writers, read from the database. While the database is away the number stays.

    Attributes:
        number: how many writers should run.
    """

    def __init__(self, engine: Engine, default: int) -> None:
        self._engine = engine
        self._default = self.number = default

    def poll(self) -> None:
        """Read the number from the database."""
        try:
            with translate_errors(), self._engine.connect() as connection:
                self.number = writer_count(connection) or self._default
        except StoreUnavailable:
            pass  # the writers log the outage


@contextmanager
def watch_writer_count(settings: IngestSettings, stop: threading.Event) -> Iterator[WriterCountWatch]:
    """Poll the number once a second, in a thread of its own, until the end."""
    engine = open_database(settings.database_url, name=f"{settings.writer_name} writer count", connections_max=1)
    watch = WriterCountWatch(engine, settings.ingest_writers)
    done = threading.Event()

    def run() -> None:
        while not done.wait(POLL_S) and not stop.is_set():
            watch.poll()

    watch.poll()
    thread = threading.Thread(target=run, name="writer count", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()
        engine.dispose()
