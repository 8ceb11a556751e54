"""What was committed just now goes out from memory, and nobody waits for the broker's word.

The same as `deliver_due`, but that neither the database is asked for what is at hand nor the engine held up while the
broker is busy: under a city's traffic it takes hundreds of milliseconds to answer.
"""

import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, async_commit, translate_errors
from rencheng.store.warnings.record import mark_delivered
from rencheng.store.warnings.sent import OutgoingMessage
from services.alerts.isolation import isolated
from services.alerts.outbox.relay import as_payload

log = get_logger("alerts")

PATIENCE_S = 5.0
"""What got no word from the broker by then is delivered from the database."""

RETRY_S = 1.0
"""How long to leave a database alone that was away."""


class PublishSession(Protocol):
    """A session with the broker."""

    def publish_nowait(self, messages: Sequence[tuple[str, bytes]], *, retain: bool) -> list[int]: ...  # noqa: D102 - `Session`
    def acked(self, *, wait_s: float = 0) -> set[int]: ...  # noqa: D102


class FastRelay:
    """What is on its way to the broker."""

    def __init__(self, engine: Engine, line: PublishSession) -> None:
        self._engine = engine
        self._line = line
        self._on_its_way: deque[tuple[int, str]] = deque()
        self._sent_at = 0.0
        self._taken: list[str] = []  # by the broker; to be noted
        self._note_at = 0.0

    @property
    def is_in_flight(self) -> bool:
        """Is the broker's word still to come?"""
        return bool(self._on_its_way)

    def send(self, fresh: Sequence[OutgoingMessage]) -> bool:
        """Send messages in order. False if not all of them could be: `deliver_due` finds them in the database."""
        sent: list[int] = []
        with isolated("delivery; tried again from the database"):
            sent = self._line.publish_nowait(
                [(parcel.topic, as_payload(parcel.document)) for parcel in fresh], retain=True
            )
        self._on_its_way.extend(zip(sent, (parcel.identifier for parcel in fresh), strict=False))
        self._sent_at = time.monotonic()
        return len(sent) == len(fresh)

    def settle(self, *, wait_s: float = 0) -> bool:
        """Note what the broker has taken. False if something must be delivered from the database after all."""
        if self._on_its_way:
            taken = self._line.acked(wait_s=wait_s)
            self._taken += [name for number, name in self._on_its_way if number in taken]
            self._on_its_way = deque(one for one in self._on_its_way if one[0] not in taken)
        if self._taken and (wait_s or time.monotonic() >= self._note_at):
            self._note()
        if self._on_its_way and (wait_s or time.monotonic() - self._sent_at > PATIENCE_S):
            self._on_its_way.clear()
            return False
        return True

    def _note(self) -> None:
        try:
            with translate_errors(), self._engine.begin() as connection:
                async_commit(connection)  # what a crash leaves unnoted is delivered once more, as the same message
                mark_delivered(connection, self._taken)
            self._taken = []
        except StoreUnavailable as away:
            self._note_at = time.monotonic() + RETRY_S
            log.warning("database away, deliveries are noted later", messages=len(self._taken), why=str(away))
