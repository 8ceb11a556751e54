"""Silences and maintenance windows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, insert, or_, select, update

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.mute import Maintenance, Mute, MuteScope, Silence
from rencheng.store.core.within import in_region
from rencheng.store.schema.suppression_tables import maintenance, silences
from rencheng.store.schema.tables import sites

_MUTES: dict[type[Mute], Table] = {Silence: silences, Maintenance: maintenance}


def add_mute(connection: Connection, mute: Mute, made_by: str) -> str:
    """Write a silence or a maintenance window. Return its name."""
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
    """Return a silence or a maintenance window that was not ended; None if there is none of that name."""
    found = _numbered(name)
    if found is None:
        return None
    table, number = found
    [key] = table.primary_key.columns
    row = connection.execute(select(table).where(key == number, table.c.ended_at.is_(None))).one_or_none()
    return None if row is None else _AS_MUTE[table.name](row)


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


def load_mutes(connection: Connection, now: datetime) -> list[tuple[Mute, str]]:
    """Return (mute, who made it) of all that are in force or will be; of exercises, all."""
    is_alive = or_(silences.c.world != ACTUAL, silences.c.ends_at > now)
    queries = (
        select(silences).where(silences.c.ended_at.is_(None), is_alive).order_by(silences.c.silence_id),
        select(maintenance).where(maintenance.c.ended_at.is_(None)).order_by(maintenance.c.maintenance_id),
    )
    as_mutes = (_as_silence, _as_maintenance)
    return [
        (as_mute(row), row.made_by)
        for query, as_mute in zip(queries, as_mutes, strict=True)
        for row in connection.execute(query)
    ]


def _add(connection: Connection, mute: Mute, values: Mapping[str, object], made_by: str) -> str:
    table = _MUTES[type(mute)]
    [key] = table.primary_key.columns
    scope = mute.scope
    common = {
        "world": scope.world,
        "site_id": scope.site_id,
        "region": scope.region,
        "catchment": scope.catchment,
        "up_to": int(mute.up_to),
        "reason": mute.reason,
        "made_by": made_by,
    }
    number = connection.execute(insert(table).values(common | dict(values)).returning(key)).scalar_one()
    return f"{table.name.removesuffix('s')}-{number}"


def _numbered(name: str) -> tuple[Table, int] | None:
    kind, _, number = name.partition("-")
    table = {"silence": silences, "maintenance": maintenance}.get(kind)
    if table is None or not number.isdecimal() or len(number) > _DIGITS_MAX:
        return None
    return table, int(number)


def _as_silence(row: Any) -> Mute:  # noqa: ANN401 - a row
    name = f"silence-{row.silence_id}"
    return Silence(name, *_scope(row), begins_at=row.begins_at, ends_at=row.ends_at, reason=row.reason)


def _as_maintenance(row: Any) -> Mute:  # noqa: ANN401 - a row
    return Maintenance(
        f"maintenance-{row.maintenance_id}",
        *_scope(row),
        weekdays=frozenset(row.weekdays),
        begins=row.begins,
        lasts=timedelta(seconds=row.lasts_s),
        first=row.first_day,
        last=row.last_day,
        reason=row.reason,
    )


_AS_MUTE = {"silences": _as_silence, "maintenance": _as_maintenance}


def _scope(row: Any) -> tuple[MuteScope, Level]:  # noqa: ANN401 - a row
    return MuteScope(row.world, row.site_id, row.region, row.catchment), Level(row.up_to)
