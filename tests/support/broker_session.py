"""A broker session that a test controls."""

import json
from collections.abc import Sequence


class ScriptedSession:
    """Takes messages and acknowledges them, or not.

    Attributes:
        is_connected: whether messages are taken at all.
        acknowledges: whether they are acknowledged at once; `acknowledge` does it later.
        published: (topic, document) of every message that was taken, in order.
        unfit: topics that MQTT cannot carry.
    """

    def __init__(self) -> None:
        self.is_connected = True
        self.acknowledges = True
        self.published: list[tuple[str, dict[str, object]]] = []
        self.unfit: set[str] = set()
        self._outstanding: list[int] = []
        self._acknowledged: set[int] = set()
        self._number = 0

    @property
    def unacknowledged(self) -> frozenset[int]:
        return frozenset(self._outstanding)

    def publish_nowait(self, messages: Sequence[tuple[str, bytes]], *, retain: bool) -> list[int]:
        assert retain
        sent: list[int] = []
        for topic, payload in messages if self.is_connected else ():
            if topic in self.unfit:
                raise ValueError("invalid topic")
            self._number += 1
            self.published.append((topic, json.loads(payload)))
            self._outstanding.append(self._number)
            sent.append(self._number)
        if self.acknowledges:
            self.acknowledge()
        return sent

    def acked(self, *, wait_s: float = 0) -> set[int]:
        assert wait_s >= 0
        done = self._acknowledged & set(self._outstanding)
        self._outstanding = [number for number in self._outstanding if number not in done]
        return done

    def acknowledge(self) -> None:
        """Acknowledge all that is outstanding."""
        self._acknowledged.update(self._outstanding)

    def reconnect(self) -> None:
        """Start a new connection that knows nothing of the messages of the old one."""
        self._outstanding = []
        self._number = 0

    def topics(self) -> list[str]:
        """Return the last part of the topic of every message that was taken, in order."""
        return [topic.rpartition("/")[2] for topic, _ in self.published]
