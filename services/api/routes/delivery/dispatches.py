"""Dispatches: what was sent where, dead letters, and sending them again."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from rencheng.operations.contacts import send_again
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource, DispatchState
from rencheng.response.delivery.outcome import Outcome
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.response.ledger import DEAD, attempts_of, list_dispatches
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import ByWarning, Db, Limit, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, level_word, paginate, present
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/dispatches", tags=["delivery"])

_DISPATCH: dict[str, Any] = {
    "dispatch_id": "a46a7d8b-188e-5d76-b73f-c519f9cb6515",
    "method_id": 7,
    "kind": "webhook",
    "shown": "https://dispatch.example/…",
    "world": "actual",
    "source": "event",
    "purpose": "warning",
    "warning_id": "underpass-3-20260720T080100Z",
    "sequence": 1,
    "level": "orange",
    "state": "failed",
    "reason": "status 400",
    "attempts": 1,
    "made_at": "2026-07-20T16:01:00+08:00",
    "due_at": "2026-07-20T16:01:00+08:00",
    "settled_at": "2026-07-20T16:01:01+08:00",
}
_ATTEMPT: dict[str, Any] = {
    "n": 1,
    "begun_at": "2026-07-20T16:01:00+08:00",
    "ended_at": "2026-07-20T16:01:01+08:00",
    "outcome": "never",
    "status": 400,
    "provider_code": None,
    "detail": "status 400",
}
_NOT_FOUND = problem_responses(HTTPStatus.NOT_FOUND)


class DispatchRow(ApiModel):
    """One message for one contact method 发送记录."""

    model_config = example(**_DISPATCH)

    dispatch_id: UUID
    """Also the `webhook-id`: the same for every repetition."""
    method_id: int
    kind: ContactKind
    shown: str
    world: str
    source: DispatchSource
    purpose: str
    warning_id: str | None
    sequence: int
    level: Literal["none", "blue", "yellow", "orange", "red"]
    state: DispatchState
    reason: str | None
    attempts: int
    made_at: datetime
    due_at: datetime
    settled_at: datetime | None


class DispatchPage(Page[DispatchRow]):
    """A page of dispatches, the newest first."""

    model_config = example(items=[_DISPATCH], next=None)


class DispatchAttempt(ApiModel):
    """One attempt to send it. `outcome` is null while it is under way."""

    model_config = example(**_ATTEMPT)

    n: int
    begun_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    status: int | None
    provider_code: str | None
    detail: str | None


class DispatchDetail(DispatchRow):
    """A dispatch with its attempts."""

    model_config = example(**_DISPATCH, tries=[_ATTEMPT])

    tries: list[DispatchAttempt]


@router.get("", summary="List dispatches 发送记录", operation_id="list_dispatches")
def get_dispatches(
    database: Db,
    caller: Caller,
    zone: Zone,
    state: Annotated[
        list[DispatchState] | None, Query(max_length=10, description="States; by default dead letters: failed, …")
    ] = None,
    method_id: Annotated[int | None, Query(ge=1, le=2**62, description="To one contact method.")] = None,
    warning_id: ByWarning = None,
    after: Annotated[UUID | None, Query(description="The `next` of the previous page.")] = None,
    limit: Limit = 100,
) -> DispatchPage:
    """Return dispatches, by default the dead letters: failed, expired or in doubt.

    A bound key sees those of warnings in its reach.
    """
    with database.read() as connection:
        rows = list_dispatches(
            connection,
            states=tuple(state or DEAD),
            method_id=method_id,
            warning_id=warning_id,
            reach=caller.reach,
            before=after,
            limit=limit + 1,
        )
    page, following = paginate(rows, limit, lambda row: str(row["dispatch_id"]))
    return DispatchPage(items=[DispatchRow.model_validate(_present(row, zone)) for row in page], next=following)


@router.get("/{dispatch_id}", summary="One dispatch 单条发送记录", operation_id="get_dispatch", responses=_NOT_FOUND)
def get_dispatch(database: Db, caller: Caller, zone: Zone, dispatch_id: UUID) -> DispatchDetail:
    """Return a dispatch with its attempts."""
    with database.read() as connection:
        row = _require(connection, caller, dispatch_id)
        tries = [present(each, zone) for each in attempts_of(connection, dispatch_id)]
    return DispatchDetail.model_validate(_present(row, zone) | {"tries": tries})


@router.post(
    "/{dispatch_id}/again",
    summary="Send a dead letter again 重发死信",
    operation_id="send_dispatch_again",
    status_code=HTTPStatus.ACCEPTED,
    responses=_NOT_FOUND,
)
def post_again(database: Db, caller: Caller, zone: Zone, dispatch_id: UUID) -> DispatchRow:
    """Send a dead letter again, under its id."""
    with refusals(), database.write() as connection:
        _require(connection, caller, dispatch_id)
        send_again(connection, dispatch_id, actor=caller.actor)
        return DispatchRow.model_validate(_present(_require(connection, caller, dispatch_id), zone))


def _require(connection: Connection, caller: Principal, dispatch_id: UUID) -> Row:
    found = list_dispatches(connection, only=dispatch_id, reach=caller.reach)
    if not found:
        raise NotFound(f"There is no dispatch {dispatch_id}.")
    return found[0]


def _present(row: Row, zone: Zone) -> dict[str, Any]:
    return present(row, zone) | {"level": level_word(row["level"])}
