"""How many slots are to work: what the operator last asked for (`rencheng writers`), or else the setting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.accounting.writer_count import writer_count
from rencheng.store.core.database import Engine, open_database, translate_errors
from services.ingest.settings import IngestSettings

LOOK_S = 1.0


class WriterCountWatch:
    """Looks once a second, in a thread of its own; while the database is away, its last word holds.

    Attributes:
        number: how many slots.
    """

    def __init__(self, engine: Engine, number: int) -> None:
        self._engine = engine
        self._set = self.number = number

    def poll(self) -> None:
        """Ask the database."""
        try:
            with translate_errors(), self._engine.connect() as connection:
                self.number = writer_count(connection) or self._set
        except StoreUnavailable:
            pass


@contextmanager
def open_writer_count(settings: IngestSettings, stop: threading.Event) -> Iterator[WriterCountWatch]:
    """Looking, until the end."""
    engine = open_database(settings.database_url, name=f"{settings.writer_name} slots", connections_max=1)
    wanted = WriterCountWatch(engine, settings.ingest_writers)
    done = threading.Event()

    def run() -> None:
        while not done.wait(LOOK_S) and not stop.is_set():
            wanted.poll()

    wanted.poll()
    thread = threading.Thread(target=run, name="wanted", daemon=True)
    thread.start()
    try:
        yield wanted
    finally:
        done.set()
        thread.join()
        engine.dispose()
