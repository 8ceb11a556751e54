"""What the engine said, made durable: pages, warnings, messages and their deliveries in one transaction."""

import time
from collections.abc import Callable, Sequence

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.database import Engine, in_our_words
from rencheng.store.sites import save_state
from rencheng.store.warnings import Said, record
from services.alerts.book import Page

log = get_logger("alerts")

SAVE_EVERY_S = 60.0
"""How old a kept page may grow when nothing is said."""


class Outbox:
    """Keeps what was said, in order.

    While the database is away it hands messages straight to `publish`, so that warnings go on, and records them when
    the database is back. Killed before that, it says them again under the same identifiers.

    Args:
        engine: the database.
        publish: sends one message out now; True if it came through.
    """

    def __init__(self, engine: Engine, publish: Callable[[Said], bool]) -> None:
        self._engine = engine
        self._publish = publish
        self._unsaved: list[tuple[Said, bool]] = []
        self._pages: dict[str, Page] = {}
        self._saved_at = time.monotonic()

    def keep(self, said: Sequence[Said], pages: dict[str, Page]) -> bool:
        """Take messages and changed pages in. True if something was committed, so that deliveries are due."""
        self._pages.update(pages)
        self._unsaved.extend((item, False) for item in said)
        if not self._unsaved and time.monotonic() - self._saved_at < SAVE_EVERY_S:
            return False
        return self.save()

    def save(self) -> bool:
        """Commit all that waits. False while the database is away."""
        try:
            with in_our_words(), self._engine.begin() as connection:
                for site_id, page in sorted(self._pages.items()):
                    if page.state.watermark:
                        save_state(connection, site_id, page.to_json(), page.state.watermark)
                for said, delivered in self._unsaved:
                    record(connection, said, delivered=delivered)
        except StoreUnavailable as away:
            log.warning("database away, warnings go out unrecorded", waiting=len(self._unsaved), why=str(away))
            self._unsaved = [(said, delivered or self._publish(said)) for said, delivered in self._unsaved]
            return False
        self._pages, self._unsaved, self._saved_at = {}, [], time.monotonic()
        return True
