"""Calls: list them, record answers for people, call one more, and end one."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from rencheng.domain.level import LevelWord
from rencheng.operations.calls import answer_for, call_one_more, end_call, withdraw_answer_of
from rencheng.response.calls.call import Call, CallState
from rencheng.store.calls.calls import find_call, list_calls
from rencheng.store.places import of_people
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Asks, ByWorld, Db, Limit, WarningId, Zone
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example, level_word, local
from services.api.http.refusals import refusals
from services.api.routes.calls.call_requests import AnswerRequest, AnswerWithdrawal, CallEnd, PersonToCall

router = APIRouter(route_class=ChangeRoute, prefix="/calls", tags=["calls"])

_TARGET: dict[str, Any] = {
    "person_id": "zhang-wei",
    "roles": ["keeper"],
    "step": 1,
    "reason": "shift",
    "state": "accepted",
    "asks": 1,
}
_CALL: dict[str, Any] = {
    "warning_id": "my-underpass-20260720T080000Z",
    "site_id": "my-underpass",
    "world": "actual",
    "state": "answered",
    "level": "red",
    "now_level": "red",
    "round": 1,
    "step": 1,
    "policy": "lixia-red",
    "policy_version": 2,
    "opened_at": "2026-07-20T16:00:00+08:00",
    "next_due": "2026-07-20T16:16:00+08:00",
    "people": [_TARGET],
    "ended_by": "",
}


class CalledPersonOut(ApiModel):
    """A person who was called in this round."""

    model_config = example(**_TARGET)

    person_id: str
    roles: list[str]
    step: int
    reason: str
    """Why the person was called: `shift`, `override`, `handover` (leaves, and it is not accepted yet), `register`
    (registered, while no roster names anybody) or `requested`."""
    state: str
    """failed, out (cannot come, withdrew or did not renew), waiting, received, accepted or on_site."""
    asks: int


class ShownCall(ApiModel):
    """The call of a warning 叫应."""

    model_config = example(**_CALL)

    warning_id: str
    site_id: str
    world: str
    state: CallState
    level: LevelWord
    """The highest level that was called for."""
    now_level: LevelWord
    round: int
    step: int
    """The number of steps that were tried in this round."""
    policy: str
    policy_version: int
    opened_at: datetime
    next_due: datetime | None
    """When the call goes on by itself; null: it does not."""
    people: list[CalledPersonOut]
    ended_by: str
    """`closed` with its warning, or who ended it."""


class ShownCalls(ApiModel):
    """Calls, those that changed last first."""

    model_config = example(items=[_CALL])

    items: list[ShownCall]


Ended = Annotated[bool, Query(description="true: calls that are over, too.")]


@router.get("", summary="List calls 叫应列表", operation_id="list_calls")
def get_calls(
    database: Db, caller: Caller, zone: Zone, world: ByWorld, ended: Ended = False, limit: Limit = 100
) -> ShownCalls:
    """Return the calls that are not over: who was called, who answered, and when the next step is due."""
    with database.read() as connection:
        found = list_calls(connection, reach=caller.reach, world=world, include_ended=ended, limit=limit)
    return ShownCalls(items=[_shown(call, zone) for call, _ in found])


@router.get(
    "/{warning_id}",
    summary="Show a call 叫应详情",
    operation_id="get_call",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_call(database: Db, zone: Zone, warning_id: WarningId) -> ShownCall:
    """Return the call of a warning."""
    with database.read() as connection:
        return _shown(_found(find_call(connection, warning_id), warning_id), zone)


@router.post(
    "/{warning_id}/answers",
    summary="Record an answer for a person 代答",
    operation_id="post_answer",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_answer(
    database: Db, asks: Asks, caller: Caller, zone: Zone, warning_id: WarningId, answer: AnswerRequest
) -> ShownCall:
    """Record what a person answered by telephone. The same answer to the same ask counts once."""
    with refusals(), database.write() as connection:
        _found(find_call(connection, warning_id), warning_id)
        caller.require(of_people(connection, [answer.person_id]))
        refusal = answer_for(
            connection,
            warning_id,
            answer.person_id,
            answer.kind,
            actor=caller.actor,
            via="api",
            carry_out=asks,
            note=answer.note,
        )
        shown = _shown(_found(find_call(connection, warning_id), warning_id), zone)
    _require_taken(refusal)
    return shown


@router.post(
    "/{warning_id}/withdrawals",
    summary="Withdraw an answer 撤回应答",
    operation_id="post_withdrawal",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_withdrawal(
    database: Db, asks: Asks, caller: Caller, zone: Zone, warning_id: WarningId, withdrawal: AnswerWithdrawal
) -> ShownCall:
    """Take the answer of a person back, with a reason. The deputy, or the next step, is called at once."""
    person_id = withdrawal.person_id
    with refusals(), database.write() as connection:
        _found(find_call(connection, warning_id), warning_id)
        caller.require(of_people(connection, [person_id]))
        _require_taken(
            withdraw_answer_of(connection, warning_id, person_id, withdrawal.reason, actor=caller.actor, carry_out=asks)
        )
        return _shown(_found(find_call(connection, warning_id), warning_id), zone)


@router.post(
    "/{warning_id}/people",
    summary="Call one more person 加叫",
    operation_id="post_call_person",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_person(
    database: Db, asks: Asks, caller: Caller, zone: Zone, warning_id: WarningId, person: PersonToCall
) -> ShownCall:
    """Call one more person, in every state of a call but its end."""
    with refusals(), database.write() as connection:
        _found(find_call(connection, warning_id), warning_id)
        caller.require(of_people(connection, [person.person_id]))
        _require_taken(
            call_one_more(
                connection,
                warning_id,
                person.person_id,
                person.role,
                actor=caller.actor,
                carry_out=asks,
                ask=person.ask,
            )
        )
        return _shown(_found(find_call(connection, warning_id), warning_id), zone)


@router.post(
    "/{warning_id}/end",
    summary="End a call 结束叫应",
    operation_id="post_call_end",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_end(database: Db, asks: Asks, caller: Caller, zone: Zone, warning_id: WarningId, end: CallEnd) -> ShownCall:
    """End a call with a reason. A higher level calls again."""
    with refusals(), database.write() as connection:
        _found(find_call(connection, warning_id), warning_id)
        _require_taken(end_call(connection, warning_id, end.reason, actor=caller.actor, carry_out=asks))
        return _shown(_found(find_call(connection, warning_id), warning_id), zone)


def _require_taken(refusal: str) -> None:
    if refusal:
        raise InvalidParameter(f"It changes nothing: {refusal}.")


def _found(call: Call | None, warning_id: str) -> Call:
    if call is None:
        raise NotFound(f"Nobody is called for the warning {warning_id!r}.")
    return call


def _shown(call: Call, zone: Zone) -> ShownCall:
    return ShownCall(
        warning_id=call.warning_id,
        site_id=call.site_id,
        world=call.world,
        state=call.state,
        level=level_word(call.level),
        now_level=level_word(call.now_level),
        round=call.round,
        step=call.step,
        policy=call.policy.policy_id,
        policy_version=call.policy.version,
        opened_at=local(call.opened_at, zone),
        next_due=call.next_due and local(call.next_due, zone),
        people=[
            CalledPersonOut(
                person_id=each.person_id,
                roles=list(each.roles),
                step=each.step,
                reason=each.reason,
                state=each.state.name.lower(),
                asks=each.asks,
            )
            for each in call.targets
        ],
        ended_by=call.ended_by,
    )
