"""How far a receiver is, for its heartbeat."""

from rencheng.heartbeats import Figures, TurnClock
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from services.ingest.partitions.pool import WriterPool


class ReceiverProgress:
    """The figures of a receiver and its writers.

    Args:
        session: the broker session.
        pool: the writers.
        turns: the main loop.
        clock: the time.
    """

    def __init__(self, session: Session, pool: WriterPool, turns: TurnClock, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session = session
        self._pool = pool
        self._turns = turns
        self._clock = clock
        self._connected = TurnClock(clock)

    def figures(self) -> Figures:
        """Return how far it is now."""
        if self._session.is_connected:
            self._connected.turned()
        now = self._clock.now()
        waiting_since = [self._pool.oldest_received_at, self._session.oldest_waiting_at]
        oldest = min((at for at in waiting_since if at is not None), default=now)
        return {
            "turn_age_s": self._turns.age_s,
            "lag_s": max(0.0, (now - oldest).total_seconds()),
            "waiting": self._session.waiting,
            "waiting_bytes": self._pool.bytes_under_way,
            "disconnected_s": 0.0 if self._session.is_connected else self._connected.age_s,
            "committed_through": oldest.timestamp(),
        }
