"""Silences and maintenance windows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, insert, or_, select, update

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.mute import Maintenance, Mute, MuteScope, Silence
from rencheng.store.schema.suppression_tables import maintenance, silences

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
    kind, _, number = name.partition("-")
    table = {"silence": silences, "maintenance": maintenance}.get(kind)
    if table is None or not number.isdecimal() or len(number) > _DIGITS_MAX:
        return False
    [key] = table.primary_key.columns
    query = update(table).where(key == int(number), table.c.ended_at.is_(None))
    if table is silences:
        query = query.where(or_(silences.c.world != ACTUAL, silences.c.ends_at > func.now()))
    return connection.execute(query.values(ended_at=func.now())).rowcount == 1


_DIGITS_MAX = 18


def load_mutes(connection: Connection, now: datetime) -> list[tuple[Mute, str]]:
    """Return (mute, who made it) of all that are in force or will be; of exercises, all."""
    is_alive = or_(silences.c.world != ACTUAL, silences.c.ends_at > now)
    found: list[tuple[Mute, str]] = [
        (
            Silence(
                f"silence-{row.silence_id}",
                *_scope(row),
                begins_at=row.begins_at,
                ends_at=row.ends_at,
                reason=row.reason,
            ),
            row.made_by,
        )
        for row in connection.execute(
            select(silences).where(silences.c.ended_at.is_(None), is_alive).order_by(silences.c.silence_id)
        )
    ]
    windows = select(maintenance).where(maintenance.c.ended_at.is_(None)).order_by(maintenance.c.maintenance_id)
    for row in connection.execute(windows):
        window = Maintenance(
            f"maintenance-{row.maintenance_id}",
            *_scope(row),
            weekdays=frozenset(row.weekdays),
            begins=row.begins,
            lasts=timedelta(seconds=row.lasts_s),
            first=row.first_day,
            last=row.last_day,
            reason=row.reason,
        )
        found.append((window, row.made_by))
    return found


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


def _scope(row: Any) -> tuple[MuteScope, Level]:  # noqa: ANN401 - a row
    return MuteScope(row.world, row.site_id, row.region, row.catchment), Level(row.up_to)
