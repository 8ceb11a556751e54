"""Rain signals and forecasts: stored as received, read as far back as they may still matter."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store.schema.weather_tables import rain_forecasts, rain_signals

CHAIN_MAX = timedelta(days=7)
"""The longest chain of updates of a rain signal. A reference to an older message is ignored."""


def save_signal(connection: Connection, signal: RainSignal, document: str) -> bool:
    """Save a message as received. Return False if it was saved before.

    Raises:
        NotPossible: another message with the same identifier was saved before.
    """
    values = asdict(signal) | {
        "message_type": signal.message_type.value,
        "level": int(signal.level),
        "regions": list(signal.regions),
        "references": list(signal.references),
        "document": document,
    }
    statement = insert(rain_signals).values(values).on_conflict_do_nothing().returning(rain_signals.c.identifier)
    if connection.execute(statement).first():
        return True
    saved = connection.execute(
        select(rain_signals).where(rain_signals.c.identifier == signal.identifier, rain_signals.c.world == signal.world)
    ).one()
    if _as_signal(saved) != signal:
        raise NotPossible(f"a different message with the identifier {signal.identifier} was received before")
    return False


def save_forecasts(connection: Connection, forecasts: Sequence[RainForecast]) -> int:
    """Save forecasts, and return the number of new ones. A repeated issue changes nothing."""
    if not forecasts:
        return 0
    statement = insert(rain_forecasts).values([asdict(forecast) for forecast in forecasts])
    return len(connection.execute(statement.on_conflict_do_nothing().returning(rain_forecasts.c.region)).all())


def relevant_signals(connection: Connection, now: datetime) -> tuple[RainSignal, ...]:
    """Return the messages that may still matter: those of the actual world of the last days, and all of exercises."""
    table = rain_signals
    recent = or_(table.c.world != ACTUAL, table.c.sent_at > now - CHAIN_MAX)
    return tuple(_as_signal(row) for row in connection.execute(select(table).where(recent).order_by(table.c.sent_at)))


def relevant_forecasts(connection: Connection, now: datetime) -> tuple[RainForecast, ...]:
    """Return the forecasts that may still matter: those of the actual world for the future, and all of exercises."""
    table = rain_forecasts
    names = [field.name for field in fields(RainForecast)]
    in_future = and_(table.c.valid_to > now, table.c.issued_at > now - timedelta(days=1))
    query = select(*(table.c[name] for name in names)).where(or_(table.c.world != ACTUAL, in_future))
    return tuple(RainForecast(**row) for row in connection.execute(query.order_by(table.c.issued_at)).mappings())


def _as_signal(row: object) -> RainSignal:
    values = {field.name: getattr(row, field.name) for field in fields(RainSignal)}
    enums = {"message_type": MessageType(values["message_type"]), "level": Level(values["level"])}
    return RainSignal(**values | enums | {name: tuple(values[name]) for name in ("regions", "references")})
