"""Silences, maintenance and notices; and what dispatch had been told, for a service that comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, insert, or_, select, update

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.mute import Maintenance, Mute, MuteScope, Silence
from rencheng.store.core.sessions import Row
from rencheng.store.schema.suppression_tables import maintenance, notices, silences
from rencheng.store.schema.tables import deliveries, warning_events, warnings

_MUTES: dict[type[Mute], Table] = {Silence: silences, Maintenance: maintenance}


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of a warning that is open: whether it was delivered, or is on its way."""

    site_id: str
    identifier: str
    level: Level
    issued_at: datetime
    is_suppressed: bool
    document: Mapping[str, Any]
    topic: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message that was held back, ready to go out."""

    identifier: str
    topic: str
    document: Mapping[str, object]


def add_mute(connection: Connection, mute: Mute, made_by: str) -> str:
    """Keep a silence or a maintenance window; the name that it is given."""
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
    """End a silence or a maintenance now and for good. False if there is none of that name that had not ended."""
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
    """(mute, who made it) of all that hold or may hold yet; those of exercises whatever their time."""
    lives = or_(silences.c.world != ACTUAL, silences.c.ends_at > now)
    found: list[tuple[Mute, str]] = [
        (
            Silence(
                f"silence-{row.silence_id}",
                *_said(row),
                begins_at=row.begins_at,
                ends_at=row.ends_at,
                reason=row.reason,
            ),
            row.made_by,
        )
        for row in connection.execute(
            select(silences).where(silences.c.ended_at.is_(None), lives).order_by(silences.c.silence_id)
        )
    ]
    windows = select(maintenance).where(maintenance.c.ended_at.is_(None)).order_by(maintenance.c.maintenance_id)
    for row in connection.execute(windows):
        window = Maintenance(
            f"maintenance-{row.maintenance_id}",
            *_said(row),
            weekdays=frozenset(row.weekdays),
            begins=row.begins,
            lasts=timedelta(seconds=row.lasts_s),
            first=row.first_day,
            last=row.last_day,
            reason=row.reason,
        )
        found.append((window, row.made_by))
    return found


def add_notices(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep notices, as `notices` has columns."""
    if rows:
        connection.execute(insert(notices), list(rows))


def newest_notices(connection: Connection, world: str | None = None) -> list[Row]:
    """The newest notice of each topic, the newest first."""
    about = (notices.c.world, notices.c.kind, notices.c.topic)
    newest = select(func.max(notices.c.notice_id)).group_by(*about)
    if world is not None:
        newest = newest.where(notices.c.world == world)
    query = select(notices).where(notices.c.notice_id.in_(newest)).order_by(notices.c.notice_id.desc())
    return list(connection.execute(query).mappings())


def sent_of_open_warnings(connection: Connection) -> list[SentMessage]:
    """Every message of the warnings that stand, in the order in which they were said."""
    query = (
        select(
            warnings.c.site_id,
            warning_events.c.identifier,
            warning_events.c.level,
            warning_events.c.issued_at,
            warning_events.c.document,
            deliveries.c.topic,
            deliveries.c.suppressed_by,
        )
        .join(warning_events, warning_events.c.warning_id == warnings.c.warning_id)
        .join(deliveries, deliveries.c.event_id == warning_events.c.event_id)
        .where(warnings.c.closed_at.is_(None))
        .order_by(warning_events.c.event_id)
    )
    return [
        SentMessage(
            row.site_id,
            row.identifier,
            Level(row.level),
            row.issued_at,
            row.suppressed_by is not None,
            row.document,
            row.topic,
        )
        for row in connection.execute(query)
    ]


def release(connection: Connection, identifier: str, *, delivered: bool) -> bool:
    """Let a message go out that was held back, or note that it went out directly. False if it was never recorded."""
    of_event = select(warning_events.c.event_id).where(warning_events.c.identifier == identifier)
    values = {"suppressed_by": None} | ({"delivered_at": func.now()} if delivered else {})
    query = update(deliveries).where(deliveries.c.event_id.in_(of_event)).values(values)
    return connection.execute(query).rowcount > 0


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


def _said(row: Any) -> tuple[MuteScope, Level]:  # noqa: ANN401 - a row
    return MuteScope(row.world, row.site_id, row.region, row.catchment), Level(row.up_to)
