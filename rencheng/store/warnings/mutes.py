"""Silences and maintenance windows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, insert, or_, select, update

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.mute import Maintenance, Mute, MuteScope, Silence
from rencheng.store.core.guarded_rows import OnInvalid, guarded, ignore, read_rows
from rencheng.store.core.within import in_region
from rencheng.store.schema.suppression_tables import maintenance, silences
from rencheng.store.schema.tables import sites

DAYS_OF_WEEK = 7

OPEN_MAX = 2000
"""The most silences, and the most windows, that have not ended: each is looked at for each warning."""

_MUTES: dict[type[Mute], Table] = {Silence: silences, Maintenance: maintenance}


def add_mute(connection: Connection, mute: Mute, made_by: str) -> str:
    """Write a silence or a maintenance window. Return its name.

    Raises:
        NotPossible: there are too many that have not ended.
    """
    if isinstance(mute, Silence):
        return _add(connection, mute, {"begins_at": mute.begins_at, "ends_at": mute.ends_at}, made_by)
    values = {
        "weekdays": sorted(mute.weekdays),
        "begins": mute.begins,
        "lasts_s": round(mute.lasts.total_seconds()),
        "first_day": mute.first,
        "last_day": mute.last,
    }
    return _add(connection, mute, values, made_by)


def change_silence(connection: Connection, name: str, silence: Silence) -> bool:
    """Replace the values of a silence that has not ended. Return False if none of that name is open."""
    found = _numbered(name)
    if found is None or found[0] is not silences:
        return False
    is_open = or_(silences.c.world != ACTUAL, silences.c.ends_at > func.now())
    query = update(silences).where(silences.c.silence_id == found[1], silences.c.ended_at.is_(None), is_open)
    values = _common(silence) | {"begins_at": silence.begins_at, "ends_at": silence.ends_at}
    return connection.execute(query.values(values)).rowcount == 1


def end_mute(connection: Connection, name: str) -> bool:
    """End a silence or a maintenance window now and for good. Return False if none of that name is open."""
    found = _numbered(name)
    if found is None:
        return False
    table, number = found
    [key] = table.primary_key.columns
    query = update(table).where(key == number, table.c.ended_at.is_(None))
    if table is silences:
        query = query.where(or_(silences.c.world != ACTUAL, silences.c.ends_at > func.now()))
    return connection.execute(query.values(ended_at=func.now())).rowcount == 1


_DIGITS_MAX = 18


def find_mute(connection: Connection, name: str) -> Mute | None:
    """Return a silence or a maintenance window that was not ended; None if there is none, or it cannot be read."""
    found = _numbered(name)
    if found is None:
        return None
    table, number = found
    [key] = table.primary_key.columns
    found_rows = read_rows(
        connection,
        select(*guarded(table.c)).where(key == number, table.c.ended_at.is_(None)),
        list(table.c),
        _AS_MUTE[table.name],
        name=lambda _: name,
        on_invalid=ignore,
    )
    return found_rows[0][0] if found_rows else None


def places_of(connection: Connection, scope: MuteScope) -> list[tuple[str, str]]:
    """Return (site, region) of the sites that a scope includes."""
    query = select(sites.c.site_id, sites.c.region).where(sites.c.world == scope.world)
    if scope.site_id:
        query = query.where(sites.c.site_id == scope.site_id)
    elif scope.region:
        query = query.where(in_region(sites.c.region, scope.region))
    else:
        query = query.where(sites.c.catchment == scope.catchment)
    return [(row.site_id, row.region) for row in connection.execute(query)]


def load_mutes(connection: Connection, now: datetime, *, on_invalid: OnInvalid = ignore) -> list[tuple[Mute, str]]:
    """Return (mute, who made it) of all that are in force or will be; of exercises, all.

    Args:
        connection: the database.
        now: the time of the world `actual`.
        on_invalid: called for each mute that cannot be read. It mutes nothing.
    """
    is_alive = or_(silences.c.world != ACTUAL, silences.c.ends_at > now)
    silence = select(*guarded(silences.c)).where(silences.c.ended_at.is_(None), is_alive)
    window = select(*guarded(maintenance.c)).where(maintenance.c.ended_at.is_(None))
    return [
        *read_rows(
            connection,
            silence.order_by(silences.c.silence_id),
            list(silences.c),
            _silence,
            name=lambda row: f"silence-{row['silence_id']}",
            on_invalid=on_invalid,
        ),
        *read_rows(
            connection,
            window.order_by(maintenance.c.maintenance_id),
            list(maintenance.c),
            _window,
            name=lambda row: f"maintenance-{row['maintenance_id']}",
            on_invalid=on_invalid,
        ),
    ]


def _add(connection: Connection, mute: Mute, values: Mapping[str, object], made_by: str) -> str:
    table = _MUTES[type(mute)]
    [key] = table.primary_key.columns
    is_open: ColumnElement[bool] = table.c.ended_at.is_(None)
    if table is silences:
        is_open &= or_(silences.c.world != ACTUAL, silences.c.ends_at > func.now())
    if connection.execute(select(func.count()).select_from(table).where(is_open)).scalar_one() >= OPEN_MAX:
        raise NotPossible(f"{OPEN_MAX} of them have not ended, the most that is possible: end some, or mute a region")
    row = _common(mute) | dict(values) | {"made_by": made_by}
    number = connection.execute(insert(table).values(row).returning(key)).scalar_one()
    return f"{table.name.removesuffix('s')}-{number}"


def _common(mute: Mute) -> dict[str, Any]:
    scope = mute.scope
    return {
        "world": scope.world,
        "site_id": scope.site_id,
        "region": scope.region,
        "catchment": scope.catchment,
        "up_to": int(mute.up_to),
        "reason": mute.reason,
    }


def _numbered(name: str) -> tuple[Table, int] | None:
    kind, _, number = name.partition("-")
    table = {"silence": silences, "maintenance": maintenance}.get(kind)
    if table is None or not number.isdecimal() or len(number) > _DIGITS_MAX:
        return None
    return table, int(number)


def _silence(row: Mapping[str, Any]) -> tuple[Mute, str]:
    name = f"silence-{row['silence_id']}"
    period = {"begins_at": row["begins_at"], "ends_at": row["ends_at"]}
    return Silence(name, *_scope(row), **period, reason=row["reason"]), row["made_by"]


def _window(row: Mapping[str, Any]) -> tuple[Mute, str]:
    if not all(isinstance(day, int) and 0 <= day < DAYS_OF_WEEK for day in row["weekdays"]):
        raise ValueError("weekdays are numbers from 0, Monday, to 6")
    window = Maintenance(
        f"maintenance-{row['maintenance_id']}",
        *_scope(row),
        weekdays=frozenset(row["weekdays"]),
        begins=row["begins"],
        lasts=timedelta(seconds=row["lasts_s"]),
        first=row["first_day"],
        last=row["last_day"],
        reason=row["reason"],
    )
    return window, row["made_by"]


_AS_MUTE = {"silences": _silence, "maintenance": _window}


def _scope(row: Mapping[str, Any]) -> tuple[MuteScope, Level]:
    scope = MuteScope(row["world"], row["site_id"], row["region"], row["catchment"])
    return scope, Level(row["up_to"])
