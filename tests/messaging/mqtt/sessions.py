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
