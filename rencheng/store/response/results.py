"""Record what became of attempts: of the dispatch, of the attempt, and of the endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text, update

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource, DispatchState
from rencheng.response.delivery.outcome import EndpointHealth, Outcome, SendResult, Settled, next_health, settle
from rencheng.store.access import audit
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Row
from rencheng.store.response.platform_messages import report_disabled
from rencheng.store.schema.delivery_tables import contact_methods, dispatches

ACTOR = "response"
"""Who disables an endpoint, in the audit log."""

_DETAIL_MAX = 2000
_CUT_SHORT = SendResult(Outcome.DOUBTFUL, detail="the process ended during the attempt")


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of the attempts of one lease."""

    lease: str
    method_id: int
    result: SendResult


def record_results(connection: Connection, results: Sequence[AttemptResult]) -> int:
    """Record results. Return how many dispatches changed; a lease that ran out meanwhile changes none."""
    now = database_now(connection)
    by_lease = {one.lease: one for one in results}
    methods = _lock_methods(connection, {one.method_id for one in results})
    of_leases = dispatches.c.lease_owner.in_(list(by_lease)), dispatches.c.state == DispatchState.LEASED
    leased = connection.execute(select(dispatches).where(*of_leases).with_for_update()).mappings().all()
    if not leased:
        return 0
    first: dict[str, Row] = {}
    settled: list[tuple[Row, Settled, SendResult]] = []
    for row in leased:
        one = by_lease[row["lease_owner"]]
        kind, level = ContactKind(methods[one.method_id]["kind"]), Level(row["level"])
        counts = {"attempts": row["attempts"], "rank": row["rank"]}
        settled.append((row, settle(one.result, row["dispatch_id"], kind, level, now=now, **counts), one.result))
        first.setdefault(row["lease_owner"], row)
    _write_settled(connection, settled, now)
    for lease, row in first.items():
        one = by_lease[lease]
        methods[one.method_id] = _note_health(connection, methods[one.method_id], row, one.result, now)
    return len(leased)


def end_lost_leases(connection: Connection) -> int:
    """Settle attempts whose process died or hangs: they may have arrived. Return how many leases there were."""
    now = database_now(connection)
    query = (
        select(dispatches.c.lease_owner, dispatches.c.method_id)
        .where(dispatches.c.state == DispatchState.LEASED, dispatches.c.lease_until < now)
        .order_by(dispatches.c.method_id)
        .with_for_update(skip_locked=True)
    )
    lost = {(row.lease_owner, row.method_id): None for row in connection.execute(query)}
    record_results(connection, [AttemptResult(lease, method_id, _CUT_SHORT) for lease, method_id in lost])
    return len(lost)


def expire(connection: Connection) -> int:
    """Strike what was not sent in time. Return how many dispatches."""
    query = update(dispatches).where(dispatches.c.state == DispatchState.DUE, dispatches.c.expires_at <= func.now())
    values = {"state": DispatchState.EXPIRED.value, "reason": "not sent in time", "settled_at": func.now()}
    return connection.execute(query.values(values)).rowcount


def _lock_methods(connection: Connection, method_ids: set[int]) -> dict[int, Row]:
    """Lock contact methods, always in one order, so that no two processes wait for each other."""
    query = select(contact_methods).where(contact_methods.c.method_id.in_(method_ids))
    locked = query.order_by(contact_methods.c.method_id).with_for_update(key_share=True)
    return {row["method_id"]: row for row in connection.execute(locked).mappings()}


_SETTLE = text("""
UPDATE dispatches AS d SET state = s.state, rank = s.rank, due_at = coalesce(s.due_at, d.due_at), reason = s.reason,
    provider_ref = coalesce(s.ref, d.provider_ref), settled_at = CASE WHEN s.due_at IS NULL THEN :now END,
    lease_owner = NULL, lease_until = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:ranks AS smallint[]), CAST(:due AS timestamptz[]),
    CAST(:reasons AS text[]), CAST(:refs AS text[])) AS s(id, state, rank, due_at, reason, ref)
WHERE d.dispatch_id = s.id
""")

_END_ATTEMPTS = text("""
UPDATE attempts AS a SET ended_at = :now, outcome = s.outcome, status = s.status, provider_code = s.code,
    retry_after_s = s.retry_after_s, detail = s.detail
FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS integer[]), CAST(:outcomes AS text[]), CAST(:statuses AS integer[]),
    CAST(:codes AS text[]), CAST(:waits AS double precision[]), CAST(:details AS text[]))
    AS s(id, n, outcome, status, code, retry_after_s, detail)
WHERE a.dispatch_id = s.id AND a.n = s.n
""")


def _write_settled(connection: Connection, settled: Sequence[tuple[Row, Settled, SendResult]], now: datetime) -> None:
    ids = [row["dispatch_id"] for row, _, _ in settled]
    connection.execute(
        _SETTLE,
        {
            "now": now,
            "ids": ids,
            "states": [each.state.value for _, each, _ in settled],
            "ranks": [each.rank for _, each, _ in settled],
            "due": [each.due_at for _, each, _ in settled],
            "reasons": [each.reason for _, each, _ in settled],
            "refs": [result.provider_ref for _, _, result in settled],
        },
    )
    connection.execute(
        _END_ATTEMPTS,
        {
            "now": now,
            "ids": ids,
            "numbers": [row["attempts"] for row, _, _ in settled],
            "outcomes": [result.outcome.value for _, _, result in settled],
            "statuses": [result.status for _, _, result in settled],
            "codes": [result.provider_code for _, _, result in settled],
            "waits": [result.retry_after_s for _, _, result in settled],
            "details": [result.detail[:_DETAIL_MAX] or None for _, _, result in settled],
        },
    )


def _note_health(connection: Connection, method: Row, dispatch: Row, result: SendResult, now: datetime) -> Row:
    """Write the health of an endpoint after an attempt. Return the method as it is then."""
    before = EndpointHealth(method["failures"], method["failing_since"], method["retry_at"], method["disabled_why"])
    after = next_health(before, result, dispatch["dispatch_id"], now)
    is_delivered, is_test = result.outcome is Outcome.DELIVERED, dispatch["source"] == DispatchSource.TEST
    values: dict[str, object] = {
        "failures": after.failures,
        "failing_since": after.failing_since,
        "retry_at": after.retry_at,
        "disabled_why": after.disabled_why,
        "disabled_at": None if is_delivered else method["disabled_at"] or (now if after.disabled_why else None),
        "probing": method["probing"] and not is_delivered and not is_test,
    }
    if is_delivered and is_test and method["person_id"] is None:  # a person types the code back
        values |= {"proved_at": now, "verified_at": method["verified_at"] or now}
    if all(method[name] == value for name, value in values.items()):
        return method
    changed = update(contact_methods).where(contact_methods.c.method_id == method["method_id"]).values(values)
    row: Row = connection.execute(changed.returning(contact_methods)).mappings().one()
    if is_delivered and (before.failures or method["disabled_at"] is not None):
        connection.execute(_AT_ONCE, {"now": now, "method": method["method_id"]})
    if row["disabled_at"] is not None and method["disabled_at"] is None:
        detail = {"why": row["disabled_why"], "shown": method["shown"]}
        audit.record(connection, ACTOR, "contact.disable", f"contact {method['method_id']}", detail)
        report_disabled(connection, method, row["disabled_why"], now)
    return row


_AT_ONCE = text("UPDATE dispatches SET due_at = :now WHERE method_id = :method AND state = 'due' AND due_at > :now")
"""What waited for an endpoint is due once it is back."""
