"""How far the alert service is, for its heartbeat."""

from rencheng.heartbeats import Figures, TurnClock
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from services.alerts.outbox.relay import Relay
from services.alerts.registry import SiteRegistry
from services.alerts.source.subscription_state import SubscriptionState


class AlertProgress:
    """The figures of the alert service.

    Args:
        session: the broker session.
        subscription: its state.
        registry: devices and sites.
        relay: the way out.
        clock: the time.
    """

    def __init__(
        self,
        session: Session,
        subscription: SubscriptionState,
        registry: SiteRegistry,
        relay: Relay,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._session = session
        self._subscription = subscription
        self._registry = registry
        self._relay = relay
        self._clock = clock
        self._connected, self._loaded = TurnClock(clock), TurnClock(clock)
        self.turns = TurnClock(clock)

    def figures(self) -> Figures:
        """Return how far it is now."""
        is_connected, is_loaded = self._subscription.is_connected, self._registry.is_loaded
        if is_connected:
            self._connected.turned()
        if is_loaded:
            self._loaded.turned()
        now = self._clock.now()
        waiting_since = self._session.oldest_waiting_at or now
        undelivered, due_since = self._relay.undelivered
        return {
            "turn_age_s": self.turns.age_s,
            "lag_s": max(0.0, (now - waiting_since).total_seconds()),
            "waiting": self._session.waiting,
            "evaluated_through": waiting_since.timestamp(),
            "disconnected_s": 0.0 if is_connected else self._connected.age_s,
            "unloaded_s": 0.0 if is_loaded else self._loaded.age_s,
            "undelivered": undelivered,
            "undelivered_s": 0.0 if due_since is None else max(0.0, (now - due_since).total_seconds()),
        }
