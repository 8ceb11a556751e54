"""Lease dispatches: what a process may send now.

A process locks the row of a contact method while it leases dispatches to it. So the order within a line, the
concurrency of an endpoint and the limits of a provider hold across all processes. An attempt is written before the
message is sent; if its process dies the lease runs out, and the outcome is doubtful.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import Connection, case, exists, func, or_, select, text, update

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DeliveryMode, DispatchSource, DispatchState
from rencheng.response.delivery.limits import BUNDLE_MAX, BUNDLED, LIMITS
from rencheng.response.delivery.lines import CONCURRENT_MAX, Departures, Leaving, LineRow, MethodState, decide
from rencheng.response.delivery.outcome import FAILING_AFTER
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Row
from rencheng.store.schema.call_tables import people
from rencheng.store.schema.delivery_tables import attempts, contact_methods, dispatches, subscribers

if TYPE_CHECKING:
    from uuid import UUID

LEASE = timedelta(seconds=30)
"""How long an attempt may take, with its record. Source: twice the longest request."""

METHODS_MAX = 500
"""Contact methods whose dispatches are leased in one transaction."""

_NUMBERS = count(1)
"""Numbers of the leases of this process."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A message that leaves now.

    Attributes:
        name: by which its record is accepted: that of a lease that ran out is not.
        leaving: the dispatches in it.
    """

    name: str
    method_id: int
    leaving: tuple[Leaving, ...]


def lease(connection: Connection, owner: str, *, free: int) -> list[Lease]:
    """Lease what is due, at most `free` messages, and write their attempts.

    Args:
        connection: a transaction; the messages may be sent once it is committed.
        owner: the process, unique.
        free: how many messages the process can send now.
    """
    now = database_now(connection)
    methods = _lock_methods(connection, now)
    if not methods:
        return []
    rows = _lines(connection, methods, now)
    sends = _sends(connection, methods.values(), now)
    leases: list[Lease] = []
    for method_id, method in methods.items():
        decision = decide(method, rows[method_id], sends[method_id], now)
        _write_moves(connection, decision, now)
        for bundle in decision.bundles:
            if free <= 0:
                break
            leases.append(Lease(f"{owner}/{next(_NUMBERS)}", method_id, tuple(bundle)))
            free -= 1
    _write_leases(connection, leases, now)
    return leases


def _lock_methods(connection: Connection, now: datetime) -> dict[int, MethodState]:
    """Lock the methods that have something due and that no other process looks at."""
    due = exists().where(
        dispatches.c.method_id == contact_methods.c.method_id, dispatches.c.state == "due", dispatches.c.due_at <= now
    )
    columns = contact_methods.c
    running = (
        select(func.count())
        .where(dispatches.c.method_id == columns.method_id, dispatches.c.state == "leased")
        .scalar_subquery()
    )
    capacity = case((columns.failures >= FAILING_AFTER, 1), else_=CONCURRENT_MAX)
    may_send = or_(columns.disabled_at.is_(None), columns.probing, columns.ended_at.is_not(None))
    query = (
        select(contact_methods, running.label("running"))
        .where(due, running < capacity, may_send, or_(columns.retry_at.is_(None), columns.retry_at <= now))
        .order_by(func.random())  # so that none waits for the others
        .limit(METHODS_MAX)
        .with_for_update(key_share=True, skip_locked=True)
    )
    found = connection.execute(query).all()
    inactive = set(
        connection.execute(
            select(contact_methods.c.method_id)
            .outerjoin(subscribers, subscribers.c.subscriber_id == contact_methods.c.subscriber_id)
            .outerjoin(people, people.c.person_id == contact_methods.c.person_id)
            .where(contact_methods.c.method_id.in_([row.method_id for row in found]))
            .where(or_(~subscribers.c.active, ~people.c.active))
        ).scalars()
    )
    return {
        row.method_id: MethodState(
            row.method_id,
            ContactKind(row.kind),
            DeliveryMode(row.mode),
            frozenset(row.worlds),
            is_active=row.ended_at is None and row.method_id not in inactive,
            is_disabled=row.disabled_at is not None,
            failures=row.failures,
            running=row.running,
        )
        for row in found
    }


_ROWS = text("""
WITH due AS (
    SELECT DISTINCT d.method_id, d.line
    FROM unnest(CAST(:methods AS bigint[]), CAST(:heads AS integer[])) AS m(id, heads)
    CROSS JOIN LATERAL (
        SELECT method_id, line FROM dispatches WHERE method_id = m.id AND state = 'due' AND due_at <= :now
        ORDER BY level DESC, due_at LIMIT m.heads
    ) AS d
)
SELECT d.dispatch_id, d.method_id, d.line, d.sequence, d.source, d.level, d.is_end, d.state, d.world, d.due_at,
    d.expires_at, d.made_at, d.rank
FROM due JOIN dispatches AS d ON d.method_id = due.method_id AND d.line = due.line
""")


def _lines(connection: Connection, methods: Mapping[int, MethodState], now: datetime) -> Mapping[int, list[LineRow]]:
    """Return the lines with the gravest due dispatches, as many as can leave now."""
    rows: dict[int, list[LineRow]] = defaultdict(list)
    heads = [
        (BUNDLE_MAX if method.kind in BUNDLED else 1) * (CONCURRENT_MAX - method.running) for method in methods.values()
    ]
    parameters = {"methods": list(methods), "heads": heads, "now": now}
    for row in connection.execute(_ROWS, parameters).mappings():
        rows[row["method_id"]].append(_line_row(row))
    return rows


def _line_row(row: Row) -> LineRow:
    return LineRow(
        row["dispatch_id"],
        row["line"],
        row["sequence"],
        DispatchSource(row["source"]),
        Level(row["level"]),
        row["is_end"],
        DispatchState(row["state"]),
        row["world"],
        row["due_at"],
        row["expires_at"],
        row["made_at"],
        row["rank"],
    )


def _sends(connection: Connection, methods: Iterable[MethodState], now: datetime) -> Mapping[int, list[datetime]]:
    """Return when limited methods were used within the last day; dispatches of one lease are one use."""
    limited = [method.method_id for method in methods if method.kind in LIMITS]
    sends: dict[int, list[datetime]] = defaultdict(list)
    if not limited:
        return sends
    at = func.min(attempts.c.begun_at).label("at")
    query = (
        select(attempts.c.method_id, at)
        .where(attempts.c.method_id.in_(limited), attempts.c.begun_at.between(now - timedelta(days=1), now))
        .group_by(attempts.c.method_id, attempts.c.lease, attempts.c.begun_at)
        .order_by(at)
    )
    for row in connection.execute(query):
        sends[row.method_id].append(row.at)
    return sends


def _write_moves(connection: Connection, decision: Departures, now: datetime) -> None:
    by_move: dict[tuple[DispatchState, str], list[UUID]] = defaultdict(list)
    for dispatch_id, state, reason in decision.moves:
        by_move[state, reason].append(dispatch_id)
    for (state, reason), ids in by_move.items():
        query = update(dispatches).where(dispatches.c.dispatch_id.in_(ids), dispatches.c.state == "due")
        connection.execute(query.values(state=state.value, reason=reason, settled_at=now))
    for dispatch_id, at in decision.postponed:
        query = update(dispatches).where(dispatches.c.dispatch_id == dispatch_id, dispatches.c.state == "due")
        connection.execute(query.values(due_at=at))


_LEASE = text("""
WITH leased AS (
    UPDATE dispatches AS d SET state = 'leased', lease_owner = l.name, lease_until = :until, attempts = d.attempts + 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[])) AS l(id, name) WHERE d.dispatch_id = l.id
    RETURNING d.dispatch_id, d.attempts, d.method_id, d.lease_owner
)
INSERT INTO attempts (dispatch_id, n, method_id, lease, begun_at)
SELECT dispatch_id, attempts, method_id, lease_owner, :now FROM leased
""")
"""One statement, because a row of its own for each attempt costs a round trip."""


def _write_leases(connection: Connection, leases: Sequence[Lease], now: datetime) -> None:
    if not leases:
        return
    rows = [(leaving.dispatch_id, one.name) for one in leases for leaving in one.leaving]
    ids, names = [row[0] for row in rows], [row[1] for row in rows]
    connection.execute(_LEASE, {"now": now, "until": now + LEASE, "ids": ids, "names": names})
