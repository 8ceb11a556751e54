"""What the tests of sessions share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from rencheng.messaging.mqtt.session import Session

GAUGE = "G1"
TOPIC = f"rencheng/v1/370102/waterlogging/{GAUGE}/telemetry"
ALL = "rencheng/v1/+/+/+/telemetry"


@dataclass
class ConnectionLog:
    """What a session reported about its connection."""

    changes: list[tuple[bool, str]] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)

    def __call__(self, up: bool, why: str) -> None:
        self.changes.append((up, why))
        (self.up.set if up else self.up.clear)()


MakeSession = Callable[..., tuple[Session, ConnectionLog]]


def publish(session: Session, topic: str, body: bytes, *, retain: bool = True, timeout_s: float = 20) -> bool:
    """Publish, wait for the acknowledgement, and return whether it came in time."""
    sent = session.publish_nowait([(topic, body)], retain=retain)
    return bool(sent) and session.acked(wait_s=timeout_s) >= set(sent)
