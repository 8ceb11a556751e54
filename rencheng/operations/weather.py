"""Accept rain signals and forecasts."""

from collections.abc import Sequence

from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.weather import save_forecasts, save_signal

NAMED_MAX = 20
"""The most regions that an entry of the audit log names."""


def accept_signal(connection: Connection, signal: RainSignal, document: str, *, actor: str) -> bool:
    """Save a message as received, also one that ends a signal. Return False if it was saved before.

    Raises:
        NotPossible: another message with the same identifier was saved before.
    """
    if not save_signal(connection, signal, document):
        return False
    detail = {
        "type": signal.message_type.value,
        "level": signal.level.word,
        "world": signal.world,
        "regions": list(signal.regions[:NAMED_MAX]),
        "regions_number": len(signal.regions),
        "expires_at": signal.expires_at.isoformat(),
        "references": list(signal.references[:NAMED_MAX]),
    }
    audit.record(connection, actor, "weather.signal", f"signal {signal.identifier}", detail)
    return True


def accept_forecasts(connection: Connection, forecasts: Sequence[RainForecast], *, actor: str) -> int:
    """Save forecasts, and return the number of new ones. A repeated issue changes nothing."""
    new = save_forecasts(connection, forecasts)
    if new:
        regions = sorted({each.region for each in forecasts})
        detail = {
            "new": new,
            "sources": sorted({each.source for each in forecasts})[:NAMED_MAX],
            "worlds": sorted({each.world for each in forecasts})[:NAMED_MAX],
            "regions": regions[:NAMED_MAX],
            "regions_number": len(regions),
            "valid_from": min(each.valid_from for each in forecasts).isoformat(),
            "valid_to": max(each.valid_to for each in forecasts).isoformat(),
        }
        audit.record(connection, actor, "weather.forecast", "forecasts", detail)
    return new
