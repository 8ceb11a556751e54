"""The state of the broker subscription, written by the session's network thread and read by the service."""

from typing import TYPE_CHECKING

from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger

if TYPE_CHECKING:
    from datetime import datetime

log = get_logger("alerts")


class SubscriptionState:
    """Whether the session is connected, and when it subscribed last.

    Attributes:
        is_connected: whether there is a connection now.
        made_at: the time of the last subscription; None before the first. Messages before it may have been missed.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self.is_connected = False
        self.made_at: datetime | None = None

    def changed(self, up: bool, why: str) -> None:
        """Note that the connection was lost, or that a subscription was made."""
        log.info("broker", connected=up, why=why)
        if up:
            self.made_at = self._clock.now()
        self.is_connected = up
