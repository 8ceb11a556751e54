"""What the weather service said: kept as it came, read as far back as it may still count."""

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
"""How long a rain signal may be kept up by updates: what refers to something older stands for itself."""


def save_signal(connection: Connection, signal: RainSignal, document: str) -> bool:
    """Keep a message as it came. False if it was kept before.

    Raises:
        NotPossible: the same identifier came before with something else.
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
    before = connection.execute(
        select(rain_signals).where(rain_signals.c.identifier == signal.identifier, rain_signals.c.world == signal.world)
    ).one()
    if _as_signal(before) != signal:
        raise NotPossible(f"a message {signal.identifier} came before, and said something else")
    return False


def save_forecasts(connection: Connection, forecasts: Sequence[RainForecast]) -> int:
    """Keep forecasts; how many of them are new. The same issue sent again changes nothing."""
    if not forecasts:
        return 0
    statement = insert(rain_forecasts).values([asdict(forecast) for forecast in forecasts])
    return len(connection.execute(statement.on_conflict_do_nothing().returning(rain_forecasts.c.region)).all())


def relevant_signals(connection: Connection, now: datetime) -> tuple[RainSignal, ...]:
    """The messages that may still count: those of the live world of the last days, and all of exercises."""
    table = rain_signals
    recent = or_(table.c.world != ACTUAL, table.c.sent_at > now - CHAIN_MAX)
    return tuple(_as_signal(row) for row in connection.execute(select(table).where(recent).order_by(table.c.sent_at)))


def relevant_forecasts(connection: Connection, now: datetime) -> tuple[RainForecast, ...]:
    """The forecasts that may still count: those of the live world for times to come, and all of exercises."""
    table = rain_forecasts
    names = [field.name for field in fields(RainForecast)]
    to_come = and_(table.c.valid_to > now, table.c.issued_at > now - timedelta(days=1))
    query = select(*(table.c[name] for name in names)).where(or_(table.c.world != ACTUAL, to_come))
    return tuple(RainForecast(**row) for row in connection.execute(query.order_by(table.c.issued_at)).mappings())


def _as_signal(row: object) -> RainSignal:
    values = {field.name: getattr(row, field.name) for field in fields(RainSignal)}
    said = {"message_type": MessageType(values["message_type"]), "level": Level(values["level"])}
    return RainSignal(**values | said | {name: tuple(values[name]) for name in ("regions", "references")})
