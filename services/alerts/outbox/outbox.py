"""What the engine said, made durable: pages, warnings, messages and their deliveries in one transaction."""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from rencheng.domain.errors import StoreUnavailable
from rencheng.engine.record import SiteRecord
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Connection, Engine, async_commit, pipelined, translate_errors
from rencheng.store.core.errors import is_unavailable
from rencheng.store.registry.sites import save_site_states
from rencheng.store.warnings.record import RenderedWarning, record
from rencheng.store.warnings.sent import OutgoingMessage, release
from services.alerts.isolation import isolated

log = get_logger("alerts")

SAVE_EVERY_S = 60.0
"""How old a kept page may grow when nothing is said."""

RECORDS_MAX = 40
RECORDS_EVERY_S = 0.2
"""So many such pages at once, and so often: a city's pages take seconds, and no warning may wait so long."""

RETRY_S = 1.0
"""How long to leave a database alone that was away; a new message does not wait for it."""


class Sendable(Protocol):
    """What goes out: a document, and where it is retained."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - as above
    @property
    def document(self) -> Mapping[str, object]: ...  # noqa: D102


class Outbox:
    """Keeps what was said, in order.

    While the database is away it hands messages straight to `publish`, so that warnings go on, and records them when
    the database is back. Killed before that, it says them again under the same identifiers.

    Args:
        engine: the database.
        publish: sends one message out now; True if it came through.
    """

    def __init__(self, engine: Engine, publish: Callable[[Sendable], bool]) -> None:
        self._engine = engine
        self._publish = publish
        self._unsaved: list[tuple[RenderedWarning, bool]] = []
        self._records: dict[str, SiteRecord] = {}
        self._changed_at: dict[str, float] = {}  # when a page first differed from what is kept, the oldest first
        self._freed: dict[str, tuple[OutgoingMessage, bool]] = {}
        self._retry_at = 0.0
        self._fresh: list[OutgoingMessage] = []

    def release(self, parcels: Iterable[OutgoingMessage]) -> None:
        """Let messages go out that were held back; the next `keep` sees to it."""
        freed = {parcel.identifier: (parcel, False) for parcel in parcels}
        if freed:
            self._freed |= freed
            self._retry_at = 0.0

    def store(self, said: Sequence[RenderedWarning], pages: Mapping[str, SiteRecord]) -> bool:
        """Take messages and changed pages in. True if messages were committed, so that deliveries are due.

        A message is written with the page of its site at once, a page that says nothing when it has waited long enough.
        """
        now = time.monotonic()
        self._records.update(pages)
        for site_id in pages:
            self._changed_at.setdefault(site_id, now)
        self._unsaved.extend((item, False) for item in said)
        due = self._due(now)
        if not said and (now < self._retry_at or not (self._unsaved or due or self._freed)):
            return False
        has_messages = bool(self._unsaved or self._freed)
        if said and not self._is_overdue(now):
            due = []  # what is urgent does not wait for what is not
        return self._save(due) and has_messages

    def take_new(self) -> list[OutgoingMessage]:
        """What the last commits made due, in order."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def save(self) -> bool:
        """Commit all that waits. False while the database is away."""
        return self._save(list(self._records))

    def _due(self, now: float) -> list[str]:
        """The sites whose pages have waited longest, if that is long enough."""
        oldest = itertools.islice(self._changed_at.items(), RECORDS_MAX)
        return [site_id for site_id, changed_at in oldest if now - changed_at >= SAVE_EVERY_S]

    def _is_overdue(self, now: float) -> bool:
        """Have pages waited so long that messages must wait with them?"""
        return any(
            now - changed_at >= 2 * SAVE_EVERY_S for changed_at in itertools.islice(self._changed_at.values(), 1)
        )

    def _save(self, site_ids: Sequence[str]) -> bool:
        """Commit all messages, the pages of their sites, and those of other sites."""
        self._retry_at = time.monotonic() + RETRY_S
        sites = sorted({*site_ids, *(said.message.site_id for said, _ in self._unsaved)})
        try:
            with translate_errors():
                refused, freed = self._commit(sites)
        except StoreUnavailable as away:
            log.warning("database away, warnings go out unrecorded", waiting=len(self._unsaved), why=str(away))
            self._send_unrecorded()
            return False
        self._fresh += [
            OutgoingMessage(said.message.identifier, said.topic, said.document)
            for said, delivered in self._unsaved
            if not (delivered or said.suppressed_by or said.message.site_id in refused)
        ]
        self._fresh += [parcel for name, (parcel, sent) in self._freed.items() if name in freed and not sent]
        self._unsaved = [(said, delivered) for said, delivered in self._unsaved if said.message.site_id in refused]
        for name in freed:
            del self._freed[name]
        self._send_unrecorded()
        self._freed = {}  # what was not recorded has gone out directly
        self._unsaved = [
            (said, delivered) for said, delivered in self._unsaved if not delivered and not said.suppressed_by
        ]
        for site_id in sites:
            self._records.pop(site_id, None)
            self._changed_at.pop(site_id, None)
        if not self._unsaved:
            self._retry_at = time.monotonic() + RECORDS_EVERY_S
        return True

    def _send_unrecorded(self) -> None:
        """Straight out, in order; what comes later never goes before what did not come through."""
        for index, (said, delivered) in enumerate(self._unsaved):
            if said.suppressed_by:
                continue
            came_through: bool | None = delivered
            if not delivered:
                came_through = None
                with isolated("direct publication", identifier=said.message.identifier):
                    came_through = self._publish(said)
            if came_through is False:
                return
            self._unsaved[index] = said, bool(came_through)
        for name, (parcel, sent) in self._freed.items():
            with isolated("direct publication", identifier=name):
                self._freed[name] = parcel, sent or self._publish(parcel)

    def _commit(self, sites: Sequence[str]) -> tuple[set[str], list[str]]:
        """Everything at once, or site by site if the database refuses something.

        Returns the sites that it refuses, and what was released.
        """
        try:
            with self._engine.begin() as connection:
                self._write_sites(connection, sites)
                return set(), self._release(connection)
        except Exception as error:
            if is_unavailable(error):
                raise
        written: set[str] = set()
        with self._engine.begin() as connection:
            for site_id in sites:
                with isolated("record; its warnings go out unrecorded", site=site_id), connection.begin_nested():
                    self._write_sites(connection, [site_id])
                    written.add(site_id)
            return set(sites) - written, self._release(connection)

    def _release(self, connection: Connection) -> list[str]:
        return [name for name, (_, sent) in self._freed.items() if release(connection, name, delivered=sent)]

    def _write_sites(self, connection: Connection, site_ids: Sequence[str]) -> None:
        """A site's page is never without its messages, nor they without it."""
        pages = {site_id: page for site_id in site_ids if (page := self._records.get(site_id))}
        states = {name: (page.to_json(), at) for name, page in pages.items() if (at := page.processed_until)}
        if not (self._unsaved or self._freed):
            async_commit(connection)  # pages alone: what they lack is read from the stored readings again
        with pipelined(connection):
            save_site_states(connection, states)
            for said, delivered in self._unsaved:
                if said.message.site_id in site_ids:
                    record(connection, said, delivered=delivered)
