"""The one way out to MQTT: retained messages, sent in order, each held until the broker acknowledges it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from rencheng.domain.compact_json import compact_json
from rencheng.domain.outgoing import OutgoingMessage
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Backoff, Every
from services.alerts.outages import RETRY_S

log = get_logger("alerts")

IN_FLIGHT_MAX = 1000
"""Messages that may await an acknowledgement. More stay with their senders, so that memory is bounded."""

OVERDUE_S = 5.0
"""After this long without an acknowledgement the log says so."""

LOG_OVERDUE_EVERY_S = 30.0


class PublishSession(Protocol):
    """A session with the broker, as far as the sink needs it."""

    @property
    def is_connected(self) -> bool: ...  # noqa: D102 - as in `Session`
    @property
    def unacknowledged(self) -> frozenset[int]: ...  # noqa: D102
    def publish_nowait(self, messages: Sequence[tuple[str, bytes]], *, retain: bool) -> list[int]: ...  # noqa: D102
    def acked(self, *, wait_s: float = 0) -> set[int]: ...  # noqa: D102


class MqttSink:
    """Sends retained messages and reports which of them the broker has acknowledged.

    Sending never waits. The session sends again after a reconnection what it holds; the sink sends again what the
    session has dropped, before anything newer. So the newest message of a topic stays the last one on it.

    Args:
        session: the broker session; nothing else may publish on it.
        clock: the time of the retries.
    """

    def __init__(self, session: PublishSession, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session = session
        self._clock = clock
        self._backoff = Backoff(RETRY_S, RETRY_S, clock)
        self._overdue_logged = Every(LOG_OVERDUE_EVERY_S, clock)
        self._in_flight: dict[str, tuple[int, OutgoingMessage]] = {}  # by identifier: packet id and message
        self._dropped: list[OutgoingMessage] = []  # by the session, before they were acknowledged
        self._sent_at_s = 0.0
        self.unpublishable: set[str] = set()

    @property
    def in_flight(self) -> int:
        """Return how many messages await an acknowledgement."""
        return len(self._in_flight) + len(self._dropped)

    @property
    def unacknowledged(self) -> list[OutgoingMessage]:
        """Return the messages that await an acknowledgement."""
        return [*(message for _, message in self._in_flight.values()), *self._dropped]

    @property
    def is_expecting(self) -> bool:
        """Return whether an acknowledgement may come at any moment."""
        return bool(self._in_flight) and self._session.is_connected

    @property
    def is_ready(self) -> bool:
        """Return whether a message can be sent now."""
        return self._session.is_connected and self._backoff.may_try() and len(self._in_flight) < IN_FLIGHT_MAX

    def send(self, messages: Iterable[OutgoingMessage]) -> bool:
        """Send messages in order, those in flight left out. Return False if some are left: offer them again.

        A message that MQTT can never carry is logged, listed in `unpublishable`, and passed over.
        """
        if not self._resend_dropped():
            return False
        for message in messages:
            if message.identifier in self._in_flight or message.identifier in self.unpublishable:
                continue
            if not self._publish(message):
                return False
        return True

    def collect(self, *, wait_s: float = 0) -> list[OutgoingMessage]:
        """Return the messages that were acknowledged since the last call, in the order in which they were sent.

        Args:
            wait_s: how long to wait for all of them.
        """
        acked = self._session.acked(wait_s=wait_s)
        done = [message for number, message in self._in_flight.values() if number in acked]
        for message in done:
            del self._in_flight[message.identifier]
        known = self._session.unacknowledged
        dropped = [message for number, message in self._in_flight.values() if number not in known]
        for message in dropped:
            del self._in_flight[message.identifier]
        self._dropped += dropped
        self._resend_dropped()
        self._log_overdue()
        return done

    def _resend_dropped(self) -> bool:
        while self._dropped and self._publish(self._dropped[0]):
            del self._dropped[0]
        return not self._dropped

    def _publish(self, message: OutgoingMessage) -> bool:
        """Return whether the message needs no other attempt."""
        if not self.is_ready:
            return False
        try:
            sent = self._session.publish_nowait([(message.topic, compact_json(message.document))], retain=True)
        except (ValueError, TypeError):
            log.exception("message cannot be published", topic=message.topic, identifier=message.identifier)
            self.unpublishable.add(message.identifier)
            return True
        except Exception:
            log.exception("publishing failed, trying again", topic=message.topic, identifier=message.identifier)
            sent = []
        if not sent:
            self._backoff.record_failure()
            return False
        self._in_flight[message.identifier] = sent[0], message
        self._sent_at_s = self._clock.monotonic_s()
        return True

    def _log_overdue(self) -> None:
        waited_s = self._clock.monotonic_s() - self._sent_at_s
        if self._in_flight and waited_s > OVERDUE_S and self._overdue_logged.take():
            log.warning("broker does not acknowledge messages", messages=self.in_flight, waited_s=round(waited_s))
