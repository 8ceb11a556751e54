"""Rain signals and forecasts: saved as received within bounds, and withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import timedelta

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store.core.sessions import Row
from rencheng.store.relevant_weather import as_signal
from rencheng.store.schema.tables import regions
from rencheng.store.schema.weather_tables import rain_forecasts, rain_signals

MESSAGES_PER_DAY = 2000
"""The most messages accepted in a day, of all worlds. In a storm, 150 districts send several hundred."""

UNKNOWN_REGIONS_MAX = 200
"""The regions of a message that are kept without being registered, because one of them may be registered later."""

FORECASTS_OF_EXERCISE_MAX = 50_000
"""The most forecasts of an exercise: three days of twelve hourly amounts each ten minutes, for ten regions."""

FORECASTS_MAX = 300_000
"""The most forecasts of the world `actual` whose end is still to come."""

_NAMES = [field.name for field in fields(RainSignal)]


def known_regions(connection: Connection, codes: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes that name a registered region, or the city or province of one; and the other codes."""
    registered = connection.execute(select(regions.c.region)).scalars().all()
    known = {code for region in registered for code in (region, f"{region[:4]}00", f"{region[:2]}0000")}
    listed = tuple(dict.fromkeys(codes))
    return tuple(code for code in listed if code in known), tuple(code for code in listed if code not in known)


def save_signals(connection: Connection, signals: Sequence[RainSignal], document: str) -> bool:
    """Save the signals of one message as received. Return False if it was saved before.

    Of regions that are not registered, only the first `UNKNOWN_REGIONS_MAX` are saved.

    Raises:
        NotPossible: another message with the same identifier was saved before, or there were too many today.
    """
    first = signals[0]
    same = and_(rain_signals.c.identifier == first.identifier, rain_signals.c.world == first.world)
    columns = [*(rain_signals.c[name] for name in _NAMES), rain_signals.c.document]
    saved = connection.execute(select(*columns).where(same).order_by(rain_signals.c.part)).mappings().all()
    if saved:
        if saved[0]["document"] != document and not _is_same(saved, signals):
            raise NotPossible(f"a different message with the identifier {first.identifier} was received before")
        return False
    is_of_today = rain_signals.c.received_at > func.now() - timedelta(days=1)
    messages = select(func.count()).where(is_of_today, rain_signals.c.part == 0)
    if connection.execute(messages).scalar_one() >= MESSAGES_PER_DAY:
        raise NotPossible(
            f"{MESSAGES_PER_DAY} messages were received within a day, the most that is accepted: check the feed"
        )
    _, unknown = known_regions(connection, [code for each in signals for code in each.regions])
    left_out = set(unknown[UNKNOWN_REGIONS_MAX:])
    rows = [
        asdict(signal)
        | {
            "message_type": signal.message_type.value,
            "level": int(signal.level),
            "regions": [code for code in signal.regions if code not in left_out],
            "references": list(signal.references),
            "document": document if signal.part == 0 else "",
        }
        for signal in signals
    ]
    connection.execute(insert(rain_signals).on_conflict_do_nothing(), rows)
    return True


def regions_of(connection: Connection, identifiers: Iterable[str], world: str) -> set[str]:
    """Return the regions of messages, by which a bound key is checked that ends or withdraws them."""
    table = rain_signals
    query = select(func.unnest(table.c.regions)).where(
        table.c.identifier.in_(list(identifiers)), table.c.world == world
    )
    return set(connection.execute(query).scalars())


def withdraw_signal(connection: Connection, identifier: str, world: str) -> bool:
    """Withdraw a message, so that it no longer counts. Return False if there is none."""
    query = update(rain_signals).where(
        rain_signals.c.identifier == identifier, rain_signals.c.world == world, rain_signals.c.withdrawn_at.is_(None)
    )
    return connection.execute(query.values(withdrawn_at=func.now())).rowcount > 0


def save_forecasts(connection: Connection, forecasts: Sequence[RainForecast]) -> int:
    """Save forecasts, and return the number of new ones. A repeated issue changes nothing.

    Raises:
        NotPossible: there would be too many.
    """
    if not forecasts:
        return 0
    table = rain_forecasts
    for world in sorted({each.world for each in forecasts}):
        most = FORECASTS_MAX if world == ACTUAL else FORECASTS_OF_EXERCISE_MAX
        alive = [table.c.world == world, *([table.c.valid_to > func.now()] if world == ACTUAL else [])]
        if connection.execute(select(func.count()).where(*alive)).scalar_one() + len(forecasts) > most:
            raise NotPossible(
                f"the world {world} would have more than {most} forecasts: send fewer regions or longer periods,"
                " or withdraw those of a source"
            )
    statement = insert(table).values([asdict(forecast) for forecast in forecasts])
    return len(connection.execute(statement.on_conflict_do_nothing().returning(table.c.region)).all())


def withdraw_forecasts(connection: Connection, world: str, source: str, region: str | None = None) -> list[str]:
    """Withdraw the forecasts of a source, of one region or of all. Return the region of each."""
    table = rain_forecasts
    query = update(table).where(table.c.world == world, table.c.source == source, table.c.withdrawn_at.is_(None))
    if region is not None:
        query = query.where(table.c.region == region)
    return list(connection.execute(query.values(withdrawn_at=func.now()).returning(table.c.region)).scalars())


def _is_same(saved: Sequence[Row], signals: Sequence[RainSignal]) -> bool:
    """Return whether a saved message says the same. Of its regions not all may be saved."""
    if len(saved) != len(signals):
        return False
    for row, signal in zip(saved, signals, strict=True):
        before = as_signal({name: row[name] for name in _NAMES})
        if replace(before, regions=signal.regions) != signal or not set(before.regions) <= set(signal.regions):
            return False
    return True
