"""How many slots are to work: what the operator last asked for (`rencheng workers`), or else the setting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.accounting.writer_count import wanted_slots
from rencheng.store.core.database import Engine, in_our_words, open_database
from services.ingest.settings import IngestSettings

LOOK_S = 1.0


class Wanted:
    """Looks once a second, in a thread of its own; while the database is away, its last word holds.

    Attributes:
        number: how many slots.
    """

    def __init__(self, engine: Engine, number: int) -> None:
        self._engine = engine
        self._set = self.number = number

    def look(self) -> None:
        """Ask the database."""
        try:
            with in_our_words(), self._engine.connect() as connection:
                self.number = wanted_slots(connection) or self._set
        except StoreUnavailable:
            pass


@contextmanager
def open_wanted(settings: IngestSettings, stop: threading.Event) -> Iterator[Wanted]:
    """Looking, until the end."""
    engine = open_database(settings.database_url, name=f"{settings.worker} slots", connections_max=1)
    wanted = Wanted(engine, settings.ingest_workers)
    done = threading.Event()

    def run() -> None:
        while not done.wait(LOOK_S) and not stop.is_set():
            wanted.look()

    wanted.look()
    thread = threading.Thread(target=run, name="wanted", daemon=True)
    thread.start()
    try:
        yield wanted
    finally:
        done.set()
        thread.join()
        engine.dispose()
