"""Relay what is due to MQTT: recorded warnings, unrecorded ones while the database is away, and notices."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from rencheng.domain.outgoing import OutgoingMessage
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Backoff
from rencheng.store.core.database import Engine, async_commit
from rencheng.store.warnings.record import due_deliveries, mark_attempted, mark_delivered, settle_overtaken
from services.alerts import metrics
from services.alerts.outages import RETRY_S, database_optional
from services.alerts.outbox.sink import MqttSink

if TYPE_CHECKING:
    from datetime import datetime

log = get_logger("alerts")

BATCH_MAX = 100
"""Due messages that are read from the database at once."""


class WarningSource(Protocol):
    """Warnings on their way out, as `Outbox` holds them."""

    @property
    def is_cut_off(self) -> bool: ...  # noqa: D102 - as in `Outbox`
    def take_recorded(self) -> list[OutgoingMessage]: ...  # noqa: D102
    def unrecorded(self) -> list[OutgoingMessage]: ...  # noqa: D102
    def confirm(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]: ...  # noqa: D102


class NoticeSource(Protocol):
    """Notices on their way out, as `NoticeOutbox` holds them."""

    def unsent(self) -> list[OutgoingMessage]: ...  # noqa: D102 - as in `NoticeOutbox`
    def confirm(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]: ...  # noqa: D102


class DeliveryState(Enum):
    """How far delivery is."""

    IDLE = "idle"
    """Everything that is due has been delivered."""
    IN_FLIGHT = "in_flight"
    """Messages were sent; the broker has not acknowledged all of them."""
    BACKLOG = "backlog"
    """Due messages were not sent; the database holds them."""


class Relay:
    """Delivers messages in order, each until the broker has acknowledged it.

    A message that was committed is sent from memory. If it cannot be sent, delivery is in state BACKLOG: due messages
    are then read from the database, in order, until none is left. Delivery and its mark cannot be one step: after a
    crash between them a message is sent once more, with the same identifier and content.

    Args:
        engine: the database.
        sink: the way out.
        outbox: holds recorded and unrecorded warnings.
        notices: holds notices.
        clock: the time of the retries.

    Attributes:
        undelivered: the number of due messages in memory that the broker has not acknowledged, and since when the
            oldest of them is due.
    """

    def __init__(
        self, engine: Engine, sink: MqttSink, outbox: WarningSource, notices: NoticeSource, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._engine = engine
        self._sink = sink
        self._outbox = outbox
        self._notices = notices
        self._clock = clock
        self._has_backlog = True  # an earlier process may have left one
        self._unmarked: list[str] = []  # delivered, and not marked so in the database
        self._marked_unpublishable: set[str] = set()
        self._backoff = Backoff(RETRY_S, RETRY_S, clock)
        self.undelivered: tuple[int, datetime | None] = (0, None)

    @property
    def state(self) -> DeliveryState:
        """Return how far delivery is."""
        if self._has_backlog:
            return DeliveryState.BACKLOG
        return DeliveryState.IN_FLIGHT if self._sink.in_flight else DeliveryState.IDLE

    @property
    def is_expecting(self) -> bool:
        """Return whether an acknowledgement may come at any moment, so that the next turn should come soon."""
        return self._sink.is_expecting

    def relay(self) -> None:
        """Note what was acknowledged, and send what is due."""
        delivered = self._sink.collect()
        self._confirm(delivered)
        known = {message.identifier for message in delivered}  # sent unrecorded, and recorded since
        recorded = [message for message in self._outbox.take_recorded() if message.identifier not in known]
        if self._has_backlog or not self._sink.send(recorded):
            self._has_backlog = True
            self._send_backlog()
        unrecorded = self._outbox.unrecorded()
        if self._outbox.is_cut_off or not self._has_backlog:  # else older messages of the same site go first
            self._sink.send(unrecorded)
        notices = self._notices.unsent()
        self._sink.send(notices)
        self._note_undelivered([*unrecorded, *notices])
        metrics.set_delivery(in_flight=self._sink.in_flight, unrecorded=len(unrecorded), backlog=self._has_backlog)

    def _note_undelivered(self, waiting: Sequence[OutgoingMessage]) -> None:
        due = {one.identifier: one.due_since for one in (*waiting, *self._sink.unacknowledged)}
        self.undelivered = len(due), min(due.values(), default=None)

    def finish(self, wait_s: float) -> None:
        """Wait for the outstanding acknowledgements, and mark them."""
        self._confirm(self._sink.collect(wait_s=wait_s))

    def _confirm(self, delivered: Sequence[OutgoingMessage]) -> None:
        now = self._clock.now()
        for message in delivered:
            metrics.observe_relay_lag((now - message.due_since).total_seconds())
            log.info(
                "message delivered",
                topic=message.topic,
                identifier=message.identifier,
                trace_id=message.trace_id,
            )
        recorded = self._outbox.confirm(self._notices.confirm(delivered))
        self._unmarked += [message.identifier for message in recorded]
        unpublishable = self._sink.unpublishable - self._marked_unpublishable
        if (self._unmarked or unpublishable) and self._backoff.may_try():
            self._mark(unpublishable)

    def _mark(self, unpublishable: set[str]) -> None:
        self._backoff.record_failure()  # until it has succeeded
        with (
            database_optional("deliveries are marked later", messages=len(self._unmarked)) as attempt,
            self._engine.begin() as connection,
        ):
            async_commit(connection)  # a crash before it is on disk sends the message once more
            mark_delivered(connection, self._unmarked)
            mark_attempted(connection, sorted(unpublishable))
        if not attempt.succeeded:
            return
        self._backoff.record_success()
        self._unmarked = []
        self._marked_unpublishable |= unpublishable

    def _send_backlog(self) -> None:
        """Send due messages from the database, once it knows of every delivery.

        A message that a later one of its topic has overtaken is not sent, because it would stand there as the newest.
        """
        if self._sink.in_flight or self._unmarked or not self._sink.is_ready or not self._backoff.may_try():
            return
        due: list[OutgoingMessage] = []
        self._backoff.record_failure()  # until it has succeeded
        with database_optional("due messages wait") as attempt, self._engine.begin() as connection:
            if overtaken := settle_overtaken(connection):
                log.warning("overtaken by later messages, not sent", messages=overtaken)
            due = due_deliveries(connection, limit=BATCH_MAX, besides=self._sink.unpublishable)
        if not attempt.succeeded:
            return
        self._backoff.record_success()
        self._has_backlog = bool(due)
        self._sink.send(due)
