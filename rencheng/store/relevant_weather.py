"""Read the rain signals and forecasts that may still matter: within bounds, row by row, without the documents."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store.core.guarded_rows import OnInvalid, guarded, ignore, read_rows
from rencheng.store.core.sessions import Row
from rencheng.store.schema.weather_tables import rain_forecasts, rain_nowcasts, rain_signals

CHAIN_MAX = timedelta(days=7)
"""The longest chain of updates of a rain signal. A reference to an older message is ignored."""

SIGNALS_MAX, FORECASTS_MAX = 20_000, 20_000
"""The most rows that are read of each table, the newest first. A row takes 500 bytes in memory."""

FORECASTS_OF_REGION_MAX = 2000
"""The most forecasts of one region and world that are read, because each is looked at in an evaluation."""

FORECAST_AGE = FORECAST_REACH = timedelta(hours=12)
"""Older issues do not count, and rain that begins later is outside the longest window of a signal."""

ISSUES = 2
"""How many issues of one region and period are read: the newest, and the one before for readings that are late."""

_SIGNAL_COLUMNS = [rain_signals.c[field.name] for field in fields(RainSignal)]
_FORECAST_COLUMNS = [rain_forecasts.c[field.name] for field in fields(RainForecast)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The worlds and regions of the sites, to which the weather matters.

    Attributes:
        worlds: their names.
        regions: their codes.
    """

    worlds: frozenset[str]
    regions: frozenset[str]

    @property
    def codes(self) -> list[str]:
        """Return the codes that include one of the regions."""
        return sorted({code for each in self.regions for code in (each, f"{each[:4]}00", f"{each[:2]}0000")})


def relevant_signals(
    connection: Connection,
    now: datetime,
    *,
    world: str | None = None,
    wanted: Wanted | None = None,
    on_invalid: OnInvalid = ignore,
) -> tuple[RainSignal, ...]:
    """Return the messages that may still matter: those of the actual world of the last days, and all of exercises.

    Args:
        connection: the database.
        now: the time of the world `actual`.
        world: only of this world.
        wanted: only of these worlds, and with these regions only. All messages are read, because a message that ends
            others may name other regions.
        on_invalid: called for each row that cannot be read.
    """
    table = rain_signals
    recent = or_(table.c.world != ACTUAL, table.c.sent_at > now - CHAIN_MAX)
    query = select(*guarded(_SIGNAL_COLUMNS)).where(table.c.withdrawn_at.is_(None), recent)
    query = query.where(*_of_worlds(table.c.world, world, wanted)).order_by(table.c.sent_at.desc()).limit(SIGNALS_MAX)
    if wanted is not None:  # the server leaves out the regions, of which there may be thousands in each message
        listed = text(
            "ARRAY(SELECT unnest(rain_signals.regions) INTERSECT SELECT unnest(CAST(:codes AS text[])) ORDER BY 1)"
        ).bindparams(bindparam("codes", wanted.codes, type_=ARRAY(Text)))
        clipped = cast(listed, ARRAY(Text)).label("regions")
        columns = [clipped if each.key == "regions" else each for each in guarded(_SIGNAL_COLUMNS)]
        query = query.with_only_columns(*columns)
    found = read_rows(
        connection,
        query,
        _SIGNAL_COLUMNS,
        as_signal,
        name=lambda row: f"rain signal {row['identifier']} of {row['world']}",
        on_invalid=on_invalid,
    )
    return tuple(reversed(found))


def relevant_forecasts(
    connection: Connection,
    now: datetime,
    *,
    world: str | None = None,
    wanted: Wanted | None = None,
    on_invalid: OnInvalid = ignore,
) -> tuple[RainForecast, ...]:
    """Return the forecasts that may still matter: the newest issues for the next hours, and those of exercises.

    Args:
        connection: the database.
        now: the time of the world `actual`.
        world: only of this world.
        wanted: only of these worlds and regions.
        on_invalid: called for each row that cannot be read.
    """
    table = rain_forecasts
    counts = and_(
        table.c.valid_to > now,
        table.c.valid_from < now + FORECAST_REACH,
        table.c.issued_at > now - FORECAST_AGE,
        table.c.issued_at <= now,
    )
    period = (table.c.world, table.c.region, table.c.source, table.c.valid_from, table.c.valid_to)
    issue = func.row_number().over(partition_by=period, order_by=table.c.issued_at.desc())
    query = select(*_FORECAST_COLUMNS, issue.label("issue")).where(
        table.c.withdrawn_at.is_(None), or_(table.c.world != ACTUAL, counts), *_of_worlds(table.c.world, world, wanted)
    )
    if wanted is not None:
        query = query.where(table.c.region.in_(wanted.codes))
    issues = query.subquery()
    place = func.row_number().over(partition_by=(issues.c.world, issues.c.region), order_by=issues.c.issued_at.desc())
    is_newest = or_(issues.c.world != ACTUAL, issues.c.issue <= ISSUES)
    newest = select(issues, place.label("place")).where(is_newest).subquery()
    columns = [newest.c[each.key] for each in _FORECAST_COLUMNS]
    found = read_rows(
        connection,
        select(*guarded(columns))
        .where(newest.c.place <= FORECASTS_OF_REGION_MAX)
        .order_by(newest.c.issued_at.desc())
        .limit(FORECASTS_MAX),
        columns,
        _as_forecast,
        name=lambda row: f"forecast of {row['source']} for {row['region']} from {row['valid_from']} of {row['world']}",
        on_invalid=on_invalid,
    )
    return tuple(reversed(found))


def weather_mark(connection: Connection) -> Row:
    """Return figures that change whenever a signal, forecast or nowcast is saved, withdrawn or deleted."""
    figures = []
    for table in (rain_signals, rain_forecasts):
        for number, figure in enumerate((func.count(), func.max(table.c.received_at), func.max(table.c.withdrawn_at))):
            one = select(figure).select_from(table).scalar_subquery()
            figures.append(one.cast(Text).label(f"{table.name}_{number}"))
    newest = select(func.max(rain_nowcasts.c.received_at)).scalar_subquery()
    figures.append(newest.cast(Text).label(rain_nowcasts.name))
    return connection.execute(select(*figures)).mappings().one()


def as_signal(row: Mapping[str, Any]) -> RainSignal:
    """Return the signal of a row.

    Raises:
        ValueError: the row has a value that is none of its column's.
    """
    enums = {"message_type": MessageType(row["message_type"]), "level": Level(row["level"])}
    lists = {name: tuple(row[name]) for name in ("regions", "references")}
    if any(not isinstance(each, str) for listed in lists.values() for each in listed):
        raise ValueError("regions and references are lists of texts")
    return RainSignal(**{**row, **enums, **lists})


def _as_forecast(row: Mapping[str, Any]) -> RainForecast:
    if not math.isfinite(row["rain_mm"]) or row["valid_to"] <= row["valid_from"]:
        raise ValueError("a forecast needs an amount of rain, and a period that ends after it begins")
    return RainForecast(**row)


def _of_worlds(column: ColumnElement[str], world: str | None, wanted: Wanted | None) -> Iterable[ColumnElement[bool]]:
    if world is not None:
        yield column == world
    if wanted is not None:
        yield column.in_(wanted.worlds)
