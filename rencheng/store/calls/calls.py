"""Calls: their state, and everything that happened to them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_new

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.domain.site import Site
from rencheng.response.calls.call import Call, CallState
from rencheng.response.calls.inputs import CallInput
from rencheng.response.calls.intents import Advance, CallIntent
from rencheng.response.calls.machine import CLOSED
from rencheng.response.calls.stepping import Roll
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.registry.sites import as_site
from rencheng.store.schema.call_tables import call_events, calls
from rencheng.store.schema.tables import site_states, sites, warnings

CALLED_FROM = Level.YELLOW
"""The lowest level at which people are called."""

FORGOTTEN_AFTER = timedelta(hours=24)
"""An open warning without a message for this time gets no new call; the engine renews a warning every 6 h. Proposal."""

_CALL = TypeAdapter(Call)
_INPUT: TypeAdapter[CallInput] = TypeAdapter(CallInput)
_INTENTS: TypeAdapter[tuple[CallIntent, ...]] = TypeAdapter(tuple[CallIntent, ...])


@dataclass(frozen=True, slots=True)
class CalledWarning:
    """A warning and its call, as far as it decides whether the call needs a look.

    Attributes:
        updated_at: when the newest message of the warning was issued.
        call: the columns of the call; None if there is none yet.
    """

    warning_id: str
    site_id: str
    world: str
    level: Level
    updated_at: datetime
    is_closed: bool
    call: Mapping[str, Any] | None


def world_time(connection: Connection, world: str) -> datetime:
    """Return the time of a world: of `actual` the database's clock, of an exercise the greatest event time."""
    now = database_now(connection)
    if world == ACTUAL:
        return now
    of_world = select(sites.c.site_id).where(sites.c.world == world)
    latest = select(func.max(site_states.c.watermark)).where(site_states.c.site_id.in_(of_world))
    watermark: datetime | None = connection.execute(latest).scalar()
    if watermark is None:
        return now
    newest: datetime | None = connection.execute(_NEWEST, {"world": world, "watermark": watermark}).scalar()
    return newest or watermark


_NEWEST = text("""
SELECT max(time) FROM waterlogging_readings WHERE time > :watermark
    AND device_id IN (SELECT device_id FROM site_sensors JOIN sites USING (site_id) WHERE world = :world)
""")
"""The engine saves its watermark once a minute; a replayed storm is hours ahead by then."""


def open_warnings(connection: Connection) -> list[CalledWarning]:
    """Return the warnings that have a call that is not over, or may need one."""
    is_open = and_(warnings.c.closed_at.is_(None), warnings.c.level >= int(CALLED_FROM))
    rose = and_(calls.c.ended_by != CLOSED, warnings.c.level > calls.c.level)
    needs = and_(is_open, or_(calls.c.warning_id.is_(None), rose))
    runs = calls.c.state != CallState.ENDED
    query = select(warnings, *(column.label(f"call_{column.name}") for column in _LOOKED_AT)).outerjoin(
        calls, calls.c.warning_id == warnings.c.warning_id
    )
    rows = connection.execute(query.where(or_(needs, runs)).order_by(warnings.c.level.desc())).mappings()
    return [
        CalledWarning(
            row["warning_id"],
            row["site_id"],
            row["world"],
            Level(row["level"]),
            row["updated_at"],
            row["closed_at"] is not None,
            None if row["call_state"] is None else {c.name: row[f"call_{c.name}"] for c in _LOOKED_AT},
        )
        for row in rows
    ]


_LOOKED_AT = (
    calls.c.state,
    calls.c.level,
    calls.c.now_level,
    calls.c.wait_s,
    calls.c.next_due,
    calls.c.changed_at,
)


def called_sites(connection: Connection, site_ids: Collection[str]) -> dict[str, Site]:
    """Return sites without their sensors, whose bindings would cost more than the rest of a look.

    A site that cannot be read is left out.
    """
    found = {}
    for row in connection.execute(select(sites).where(sites.c.site_id.in_(list(site_ids)))):
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            found[row.site_id] = as_site(row)
    return found


def find_warning(connection: Connection, warning_id: str) -> Row | None:
    """Return the row of a warning."""
    query = select(warnings).where(warnings.c.warning_id == warning_id)
    return connection.execute(query).mappings().one_or_none()


def lock_call(connection: Connection, warning_id: str, *, wait: bool = True) -> tuple[Call, int] | None:
    """Lock a call, and return it with the number of its events; None if there is none, or another process has it."""
    query = select(calls.c.document, calls.c.events).where(calls.c.warning_id == warning_id)
    row = connection.execute(query.with_for_update(skip_locked=not wait)).one_or_none()
    return None if row is None else (_CALL.validate_python(row.document), row.events)


def add_call(connection: Connection, call: Call) -> bool:
    """Write a new call. Return False if the warning has one."""
    query = insert_new(calls).values(warning_id=call.warning_id, world=call.world, events=0, **_columns(call))
    return connection.execute(query.on_conflict_do_nothing()).rowcount == 1


def record_advance(
    connection: Connection, given: CallInput, roll: Roll, at: datetime, result: Advance, events: int
) -> None:
    """Write the new state of a locked call, and what happened."""
    call = result.call
    query = update(calls).where(calls.c.warning_id == call.warning_id)
    connection.execute(query.values(events=events + 1, changed_at=func.now(), **_columns(call)))
    values = {
        "warning_id": call.warning_id,
        "n": events + 1,
        "at": at,
        "kind": type(given).__name__,
        "given": _INPUT.dump_python(given, mode="json"),
        "roll": [
            [post.role, post.rank, one.duty.person_id, one.duty.reason, one.is_reachable, one.leaving]
            for post, one in roll.items()
        ],
        "intents": _INTENTS.dump_python(result.intents, mode="json"),
        "refusal": result.refusal,
    }
    connection.execute(insert(call_events).values(values))


def _columns(call: Call) -> dict[str, object]:
    return {
        "state": call.state.value,
        "level": int(call.level),
        "now_level": int(call.now_level),
        "round": call.round,
        "wait_s": call.wait_s,
        "next_due": call.next_due,
        "ended_by": call.ended_by,
        "document": _CALL.dump_python(call, mode="json"),
    }


def list_calls(
    connection: Connection, *, reach: Reach, world: str | None, include_ended: bool = False, limit: int
) -> list[tuple[Call, datetime]]:
    """Return calls with the time of their last change, the newest first."""
    query = (
        select(calls.c.document, calls.c.changed_at)
        .join(warnings, warnings.c.warning_id == calls.c.warning_id)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(within(reach, sites.c.region, calls.c.world))
        .order_by(calls.c.changed_at.desc(), calls.c.warning_id)
        .limit(limit)
    )
    if world is not None:
        query = query.where(calls.c.world == world)
    if not include_ended:
        query = query.where(calls.c.state != CallState.ENDED)
    return [(_CALL.validate_python(row.document), row.changed_at) for row in connection.execute(query)]


def find_call(connection: Connection, warning_id: str) -> Call | None:
    """Return the call of a warning."""
    row = connection.execute(select(calls.c.document).where(calls.c.warning_id == warning_id)).one_or_none()
    return None if row is None else _CALL.validate_python(row.document)


def events_of_call(connection: Connection, warning_id: str) -> Sequence[Mapping[Any, Any]]:
    """Return everything that happened to a call, in order."""
    query = select(call_events).where(call_events.c.warning_id == warning_id).order_by(call_events.c.n)
    return connection.execute(query).mappings().all()
