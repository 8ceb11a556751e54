"""What the engine said, made durable: pages, warnings, messages and their deliveries in one transaction."""

import time
from collections.abc import Callable, Mapping, Sequence

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.database import Connection, Engine, in_our_words
from rencheng.store.errors import is_unavailable
from rencheng.store.sites import save_state
from rencheng.store.warnings import Said, record
from services.alerts.book import Page
from services.alerts.containment import contained

log = get_logger("alerts")

SAVE_EVERY_S = 60.0
"""How old a kept page may grow when nothing is said."""

RETRY_S = 1.0
"""How long to leave a database alone that was away; a new message does not wait for it."""


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
        self._retry_at = 0.0

    def keep(self, said: Sequence[Said], pages: Mapping[str, Page]) -> bool:
        """Take messages and changed pages in. True if something was committed, so that deliveries are due."""
        self._pages.update(pages)
        self._unsaved.extend((item, False) for item in said)
        now = time.monotonic()
        if not said and (now < self._retry_at or not (self._unsaved or now - self._saved_at >= SAVE_EVERY_S)):
            return False
        return self.save()

    def save(self) -> bool:
        """Commit all that waits. False while the database is away."""
        self._retry_at = time.monotonic() + RETRY_S
        try:
            with in_our_words(), self._engine.begin() as connection:
                refused = self._write(connection)
        except StoreUnavailable as away:
            log.warning("database away, warnings go out unrecorded", waiting=len(self._unsaved), why=str(away))
            self._send_unrecorded()
            return False
        self._unsaved = [(said, delivered) for said, delivered in self._unsaved if said.message.site_id in refused]
        self._send_unrecorded()
        self._unsaved = [(said, delivered) for said, delivered in self._unsaved if not delivered]
        self._pages, self._saved_at = {}, time.monotonic()
        return True

    def _send_unrecorded(self) -> None:
        """Straight out, in order; what comes later never goes before what did not come through."""
        for index, (said, delivered) in enumerate(self._unsaved):
            came_through: bool | None = delivered
            if not delivered:
                came_through = None
                with contained("direct publication", identifier=said.message.identifier):
                    came_through = self._publish(said)
            if came_through is False:
                return
            self._unsaved[index] = said, bool(came_through)

    def _write(self, connection: Connection) -> set[str]:
        """Everything at once, or site by site if the database refuses something; the sites that it refuses."""
        sites = sorted({*self._pages, *(said.message.site_id for said, _ in self._unsaved)})
        try:
            with connection.begin_nested():
                self._write_sites(connection, sites)
        except Exception as error:
            if is_unavailable(error):
                raise
        else:
            return set()
        written: set[str] = set()
        for site_id in sites:
            with contained("record; its warnings go out unrecorded", site=site_id), connection.begin_nested():
                self._write_sites(connection, [site_id])
                written.add(site_id)
        return set(sites) - written

    def _write_sites(self, connection: Connection, site_ids: Sequence[str]) -> None:
        """A site's page is never without its messages, nor they without it."""
        for site_id in site_ids:
            page = self._pages.get(site_id)
            if page is not None and page.state.watermark:
                save_state(connection, site_id, page.to_json(), page.state.watermark)
        for said, delivered in self._unsaved:
            if said.message.site_id in site_ids:
                record(connection, said, delivered=delivered)
