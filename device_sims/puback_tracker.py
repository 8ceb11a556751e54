"""Published and acknowledged messages of a device, counted in messages and in readings."""

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PublishCounts:
    """Counts of messages and readings. A message that is sent again counts once."""

    messages_published: int = 0
    messages_acknowledged: int = 0
    readings_published: int = 0
    readings_acknowledged: int = 0

    def __add__(self, other: "PublishCounts") -> "PublishCounts":
        return PublishCounts(
            self.messages_published + other.messages_published,
            self.messages_acknowledged + other.messages_acknowledged,
            self.readings_published + other.readings_published,
            self.readings_acknowledged + other.readings_acknowledged,
        )

    def __sub__(self, other: "PublishCounts") -> "PublishCounts":
        return PublishCounts(
            self.messages_published - other.messages_published,
            self.messages_acknowledged - other.messages_acknowledged,
            self.readings_published - other.readings_published,
            self.readings_acknowledged - other.readings_acknowledged,
        )


class PubackTracker:
    """A tracker that matches PUBACKs with published messages. Safe between the publishing and the network thread.

    State messages carry no reading: they are awaited and not counted.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, int] = {}
        self._early: set[int] = set()
        self._counts = PublishCounts()

    @property
    def counts(self) -> PublishCounts:
        """The counts of now."""
        with self._changed:
            return self._counts

    @property
    def waiting(self) -> int:
        """The number of messages without PUBACK."""
        with self._changed:
            return len(self._waiting)

    def record_publish(self, packet_id: int, *, readings: int) -> None:
        """Record a published message with its number of readings, 0 for a state message."""
        with self._changed:
            if readings:
                self._counts += PublishCounts(messages_published=1, readings_published=readings)
            self._waiting[packet_id] = readings
            if packet_id in self._early:
                self._early.remove(packet_id)
                self._complete(packet_id)

    def record_puback(self, packet_id: int) -> None:
        """Record a PUBACK. It may come before the call that published returns, and is kept until then."""
        with self._changed:
            if packet_id in self._waiting:
                self._complete(packet_id)
            else:
                self._early.add(packet_id)

    def await_all(self, *, timeout_s: float) -> bool:
        """Wait until every message is acknowledged. Return False if they were not in time."""
        ends_at = time.monotonic() + timeout_s
        with self._changed:
            while self._waiting:
                left_s = ends_at - time.monotonic()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
        return True

    def _complete(self, packet_id: int) -> None:
        readings = self._waiting.pop(packet_id)
        if readings:
            acknowledged = self._counts.messages_acknowledged + 1, self._counts.readings_acknowledged + readings
            self._counts = replace(
                self._counts, messages_acknowledged=acknowledged[0], readings_acknowledged=acknowledged[1]
            )
        self._changed.notify_all()
