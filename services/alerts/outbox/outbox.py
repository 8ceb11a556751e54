"""The transactional outbox: messages and the records of their sites, committed together."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rencheng.domain.outgoing import OutgoingMessage, RenderedWarning
from rencheng.engine.record import SiteRecord
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Backoff, Every
from rencheng.store.core.database import Connection, Engine, async_commit, pipelined
from rencheng.store.core.errors import is_unavailable
from rencheng.store.registry.sites import save_site_states
from rencheng.store.warnings.record import record
from rencheng.store.warnings.sent import release
from services.alerts.isolation import isolated
from services.alerts.outages import RETRY_S, database_optional

log = get_logger("alerts")

SAVE_EVERY_S = 60.0
"""The greatest age of a changed record that carries no message."""

RECORDS_MAX = 40
RECORDS_EVERY_S = 0.2
"""At most this many records without a message at once, and at most this often. Writing the records of a whole city
takes seconds, and a warning must not wait that long."""


_Reported = tuple[frozenset[str], str | None]
"""The late gauges of a record, and the newest notice of its doubt."""

NOTHING_REPORTED: _Reported = (frozenset(), None)


def _reported(record: SiteRecord) -> _Reported:
    state = record.state
    return frozenset(state.late), state.doubt.sent[-1][0] if state.doubt else None


@dataclass(slots=True)
class _Pending:
    """A message on its way into the database.

    Attributes:
        warning: the warning to record; None for a release, whose warning was recorded as suppressed.
        is_delivered: it was delivered before it was recorded.
        is_rejected: the database rejects it, so that it is delivered without a record.
    """

    message: OutgoingMessage
    warning: RenderedWarning | None = None
    is_delivered: bool = False
    is_rejected: bool = False

    @property
    def is_suppressed(self) -> bool:
        return self.warning is not None and self.warning.suppressed_by is not None

    @property
    def awaits_delivery(self) -> bool:
        return not self.is_delivered and not self.is_suppressed


class Outbox:
    """Records messages in the order in which they were added.

    While the database is away the relay delivers them unrecorded, and they are recorded once it is back. A service
    that is killed before that finds them again under the same identifiers.

    Args:
        engine: the database.
        clock: the time of the retries, and from when on a message is due.
        save_every_s: the greatest age of a changed record that carries no message.
    """

    def __init__(self, engine: Engine, clock: Clock = SYSTEM_CLOCK, *, save_every_s: float = SAVE_EVERY_S) -> None:
        self._engine = engine
        self._clock = clock
        self._save_every_s = save_every_s
        self._pending: list[_Pending] = []
        self._recorded: list[OutgoingMessage] = []
        self._records: dict[str, SiteRecord] = {}
        self._changed_at_s: dict[str, float] = {}  # when a record first differed from the stored one, oldest first
        self._reported: dict[str, _Reported] = {}  # by site: what of the saved record notices are about
        self._has_new = False
        self._pace = Every(RECORDS_EVERY_S, clock)
        self._backoff = Backoff(RETRY_S, RETRY_S, clock)
        self.is_cut_off = False

    def add(self, warning: RenderedWarning) -> None:
        """Take in a warning; the next `record` commits it."""
        message = warning.message
        self._add(
            _Pending(
                OutgoingMessage(
                    message.identifier,
                    warning.topic,
                    warning.document,
                    self._clock.now(),
                    message.site_id,
                    warning.trace_id,
                ),
                warning,
            )
        )

    def release(self, messages: Iterable[OutgoingMessage]) -> None:
        """Make messages due that were suppressed; the next `record` commits it."""
        for message in messages:
            self._add(_Pending(message))

    def record(self, records: Mapping[str, SiteRecord]) -> None:
        """Commit what was added and the changed records of its sites; records without a message when they are old.

        Args:
            records: the records that changed since the last call.
        """
        now_s = self._clock.monotonic_s()
        self._records.update(records)
        for site_id, one in records.items():
            self._changed_at_s.setdefault(site_id, now_s)
            if _reported(one) != self._reported.get(site_id, NOTHING_REPORTED):  # a notice follows: save it at once
                self._changed_at_s[site_id] = now_s - self._save_every_s
        due = self._due(now_s)
        if self._has_new:
            self._save(due if self._is_overdue(now_s) else [])  # a message does not wait for records without one
        elif (due or self._unrecorded_sites()) and self._backoff.may_try() and self._pace.is_due():
            self._save(due)

    def save(self) -> bool:
        """Commit everything. Return whether the database was there."""
        return self._save(list(self._records))

    def take_recorded(self) -> list[OutgoingMessage]:
        """Return the messages that became due by the last commits, in order, and forget them."""
        recorded, self._recorded = self._recorded, []
        return recorded

    def unrecorded(self) -> list[OutgoingMessage]:
        """Return the messages that are due and not recorded, in order."""
        return [one.message for one in self._pending if one.awaits_delivery]

    def confirm(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
        """Note that messages were delivered. Return those that are recorded, whose rows must be marked."""
        if not self._pending:
            return list(messages)
        pending = {one.message.identifier: one for one in self._pending}
        recorded = [message for message in messages if message.identifier not in pending]
        for message in messages:
            if one := pending.get(message.identifier):
                one.is_delivered = True
        self._pending = [one for one in self._pending if not (one.is_rejected and one.is_delivered)]
        return recorded

    def _add(self, pending: _Pending) -> None:
        self._pending.append(pending)
        self._has_new = True

    def _unrecorded_sites(self) -> set[str]:
        return {one.message.site_id for one in self._pending if not one.is_rejected}

    def _due(self, now_s: float) -> list[str]:
        """Return the sites whose records have waited long enough, the oldest first."""
        old = (site_id for site_id, at_s in self._changed_at_s.items() if now_s - at_s >= self._save_every_s)
        return list(itertools.islice(old, RECORDS_MAX))

    def _is_overdue(self, now_s: float) -> bool:
        """Return whether a record has waited so long that messages must wait with it."""
        oldest = itertools.islice(self._changed_at_s.values(), 1)
        return any(now_s - at_s >= 2 * self._save_every_s for at_s in oldest)

    def _save(self, site_ids: Sequence[str]) -> bool:
        """Commit all messages, the records of their sites, and those of other sites."""
        self._has_new = False
        sites = sorted({*site_ids, *self._unrecorded_sites()})
        with database_optional("warnings are delivered unrecorded", waiting=len(self._pending)) as attempt:
            rejected = self._commit(sites)
        self.is_cut_off = not attempt.succeeded
        if not attempt.succeeded:
            self._backoff.record_failure()
            return False
        self._backoff.record_success()
        self._pace.restart()
        self._settle(rejected)
        for site_id in sites:
            if (one := self._records.pop(site_id, None)) is not None:
                self._note_reported(site_id, one)
            self._changed_at_s.pop(site_id, None)
        return True

    def _note_reported(self, site_id: str, record: SiteRecord) -> None:
        self._reported.pop(site_id, None)
        if (reported := _reported(record)) != NOTHING_REPORTED:
            self._reported[site_id] = reported

    def _settle(self, rejected: set[str]) -> None:
        """Hand recorded messages over to the relay; keep those that the database rejects until they are delivered."""
        kept: list[_Pending] = []
        for one in self._pending:
            one.is_rejected |= one.message.site_id in rejected
            if one.is_rejected:
                kept.extend([one] if one.awaits_delivery else [])
                continue
            if one.warning is not None:
                _log_stored(one.warning)
            if one.awaits_delivery:
                self._recorded.append(one.message)
        self._pending = kept

    def _commit(self, sites: Sequence[str]) -> set[str]:
        """Write everything in one transaction, or site by site if the database rejects something.

        Returns the sites that it rejects.
        """
        try:
            with self._engine.begin() as connection:
                self._write(connection, sites)
                return set()
        except Exception as error:
            if is_unavailable(error):
                raise
        rejected = set(sites)
        with self._engine.begin() as connection:
            for site_id in sites:
                with isolated("record; its warnings are delivered unrecorded", site=site_id), connection.begin_nested():
                    self._write(connection, [site_id])
                    rejected.discard(site_id)
        return rejected

    def _write(self, connection: Connection, site_ids: Sequence[str]) -> None:
        """Write records and messages of sites. A record is never without its messages, nor they without it."""
        records = {site_id: found for site_id in site_ids if (found := self._records.get(site_id))}
        pending = [one for one in self._pending if one.message.site_id in site_ids and not one.is_rejected]
        if not pending:
            async_commit(connection)  # a lost record is made up from the stored readings
        with pipelined(connection):
            save_site_states(connection, records)
            for one in pending:
                if one.warning is not None:
                    record(connection, one.warning, delivered=one.is_delivered)
        for one in pending:
            if one.warning is None and not release(connection, one.message.identifier, delivered=one.is_delivered):
                one.is_rejected = True  # its warning was never recorded


def _log_stored(warning: RenderedWarning) -> None:
    message = warning.message
    log.info("warning stored", site=message.site_id, identifier=message.identifier, trace_id=warning.trace_id)
