"""Take over the messages that wait in a session with an earlier client id, and end that session.

Earlier releases used constant client ids, and a new password of the account changes the id. The first start after such
a change finds the session with the messages of the update in it. The order of the steps loses none of them: subscribe
the new session, connect as the old one, take what waits there, end it. If there is no old session, nothing happens.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from rencheng.domain.topic import Channel
from rencheng.messaging.mqtt.session import Session
from rencheng.messaging.source import AckHandle, InboundMessage, MessageSource

SENTINEL = "$SYS/broker/version"
"""A topic that Mosquitto retains. Subscribed to, it arrives behind all that waited before."""

QUIET_S = 10.0
"""After this long without a message nothing waits any more, on brokers without the sentinel."""

CONNECT_S = 10.0
"""How long each connection with the old client id may take. After that it is left for the next start."""

BATCH_MAX = 1000
LOOK_EVERY_S = 0.02

_TAKEN = tuple(f"/{channel}" for channel in (Channel.TELEMETRY, Channel.STATE))


class Takeover:
    """The session of a service, and before it what waits in sessions with earlier client ids.

    Args:
        session: the session of this release, opened and closed by its owner.
        old_ids: the earlier client ids.
        make_old: makes a session with an old client id. True: persistent, subscribed to `SENTINEL` alone. False: a
            clean session, with which the old one ends.
        on_taken: called with the number of messages after all of an old session were taken.
    """

    def __init__(
        self,
        session: Session,
        old_ids: Sequence[str],
        make_old: Callable[[str, bool], Session],
        on_taken: Callable[[int], object],
    ) -> None:
        self._on_taken = on_taken
        self._session = session
        self._old_ids = deque(old_ids)
        self._make_old = make_old
        self._old: Session | None = None
        self._held: list[InboundMessage] = []
        self._messages = 0
        self._is_drained = False
        self._since_s = time.monotonic()
        self._step: Callable[[], None] | None = self._await_own

    def look(self, stop: threading.Event) -> None:
        """Wait until it is known whether messages wait in an old session, or until one waits in the new session.

        The latter must be taken, because a broker delivers a backlog before it confirms a subscription.
        """
        while self._step is not None and self._step not in (self._drain, self._end) and not stop.wait(LOOK_EVERY_S):
            if self._session.waiting:
                return
            self._step()

    def source(self) -> MessageSource:
        """Return the session to take from now: an old one while messages wait there, otherwise the new one."""
        if self._step is not None:
            self._step()
        return self if self._step == self._drain else self._session

    @property
    def waiting(self) -> int:
        """Return how many messages of the old session are received and not taken yet."""
        return len(self._held) + (self._old.waiting if self._old else 0)

    def take(self, batch_max: int, wait_s: float) -> list[InboundMessage]:
        """Take messages of the old session; see `MessageSource.take`."""
        taken, self._held = self._held or self._take_old(batch_max, min(wait_s, 0.1)), []
        return taken

    def ack(self, handles: Iterable[AckHandle]) -> None:
        """Acknowledge messages of the old session."""
        if (old := self._old) is not None:
            old.ack(handles)

    def close(self) -> None:
        """Close the old session if it is open. What was not taken from it stays with the broker."""
        self._session.ack_also = None
        if self._old is not None:
            self._old.close()
            self._old = None

    def _await_own(self) -> None:
        """Wait until the new session is subscribed, so that no message falls between the two."""
        if self._session.is_subscribed:
            self._begin(self._await_old, persistent=True)

    def _await_old(self) -> None:
        """Look whether readings wait in the old session. If so, nothing else is taken until it is empty."""
        if self._old is None or not self._old.is_subscribed:
            if self._is_late():
                self._finish()
            return
        self._held = self._take_old(BATCH_MAX, 0)
        if self._held:
            self._session.close()
            self._step = self._drain
        elif self._is_drained or not self._old.is_resumed or self._is_late():
            self._begin(self._end, persistent=False)

    def _drain(self) -> None:
        """End the old session after everything in it was taken and acknowledged."""
        is_empty = self._is_drained or time.monotonic() - self._since_s > QUIET_S
        if is_empty and not self._held and self._old is not None and not self._old.open_messages:
            self._on_taken(self._messages)
            self._begin(self._end, persistent=False)
            self._session.open()

    def _end(self) -> None:
        if self._old is None or self._old.is_connected or self._is_late():
            self._finish()

    def _take_old(self, batch_max: int, wait_s: float) -> list[InboundMessage]:
        """Take from the old session, and acknowledge at once what carries no reading."""
        if self._old is None:
            return []
        taken = self._old.take(batch_max, wait_s)
        wanted: list[InboundMessage] = []
        others: list[InboundMessage] = []
        for one in taken:
            (wanted if one.message.topic.endswith(_TAKEN) else others).append(one)
        self._is_drained = self._is_drained or any(one.message.topic == SENTINEL for one in others)
        self._old.ack(one.handle for one in others)
        self._messages += len(wanted)
        if taken or not self._old.is_connected:
            self._since_s = time.monotonic()
        return wanted

    def _begin(self, step: Callable[[], None], *, persistent: bool) -> None:
        self.close()
        self._since_s, self._step = time.monotonic(), step
        self._old = self._session.ack_also = self._make_old(self._old_ids[0], persistent)
        self._old.open()

    def _finish(self) -> None:
        """Go on with the next old client id, if there is one."""
        self.close()
        self._old_ids.popleft()
        self._is_drained, self._messages = False, 0
        self._step = self._await_own if self._old_ids else None

    def _is_late(self) -> bool:
        return time.monotonic() - self._since_s > CONNECT_S
