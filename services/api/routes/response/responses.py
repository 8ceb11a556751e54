"""Responses IV to I of a region: list proposals, declare, adjust, decline and end."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.operations.declarations import declare, decline, end_response
from rencheng.response.declarations.machine import ResponseState
from rencheng.response.declarations.rule import ROMAN, ResponseNumber, rule_of
from rencheng.schemas.fields import DistrictCode, Identifier, OptionalText, Text
from rencheng.store.places import Place
from rencheng.store.tasks.responses import StoredResponse, find_response, list_responses
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import ByWorld, Db, Limit, ResponseRules, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals

router = APIRouter(prefix="/responses", tags=["response"])
decisions = APIRouter(route_class=ChangeRoute, prefix="/responses", tags=["response"])

_RESPONSE: dict[str, Any] = {
    "response_id": 4,
    "region": "370100",
    "world": "actual",
    "state": "declared",
    "number": 3,
    "roman": "III",
    "proposed": 2,
    "because": {"red": 3, "orange": 5},
    "source": "proposal of the platform",
    "opened_at": "2026-07-20T16:02:00+08:00",
    "ended_at": None,
    "reason": "",
}

ResponseId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The response's number.")]


class ShownResponse(ApiModel):
    """A response of a region 应急响应."""

    model_config = example(**_RESPONSE)

    response_id: int
    region: str
    world: str
    state: ResponseState
    number: int | None
    """4 to 1, the number in force; null: none was declared."""
    roman: str | None
    """IV to I."""
    proposed: int | None
    """The number that the platform proposes now; null: it proposes none."""
    because: dict[str, int]
    """The number of sites by level on which the proposal rests."""
    source: str
    """Where the rule comes from."""
    opened_at: datetime
    ended_at: datetime | None
    reason: str


class ShownResponses(ApiModel):
    """Responses, the newest first."""

    model_config = example(items=[_RESPONSE])

    items: list[ShownResponse]


class Declaration(BaseModel):
    """A response to declare, or another number for the one that runs."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"region": "370100", "number": 3, "reason": "as proposed"}]}
    )

    region: DistrictCode
    number: ResponseNumber
    world: Identifier = ACTUAL
    reason: OptionalText = ""


class ResponseDecision(BaseModel):
    """A decision about a response."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "end", "reason": "all places are reopened"}]}
    )

    decision: Literal["decline", "end"]
    reason: Text


Over = Annotated[bool, Query(description="true: those that are over, too.")]


@router.get("", summary="List responses 应急响应列表", operation_id="list_responses")
def get_responses(
    database: Db,
    caller: Caller,
    rules: ResponseRules,
    zone: Zone,
    world: ByWorld,
    over: Over = False,
    limit: Limit = 100,
) -> ShownResponses:
    """Return what the platform proposes, and what is in force. A proposal changes nothing by itself."""
    with database.read() as connection:
        found = list_responses(connection, reach=caller.reach, world=world, include_over=over, limit=limit)
    return ShownResponses(items=[_shown(each, rules, zone) for each in found])


@decisions.post("", summary="Declare a response 启动应急响应", operation_id="declare_response")
def post_response(
    database: Db, caller: Caller, rules: ResponseRules, zone: Zone, declaration: Declaration
) -> ShownResponse:
    """Declare a response, proposed or not, or change its number, with a key of a person with a role of the number."""
    caller.require([Place(declaration.region, declaration.world)])
    with refusals(), database.write() as connection:
        stored = declare(
            connection,
            declaration.region,
            declaration.number,
            signer=caller.signer,
            rules=rules,
            reason=declaration.reason,
            world=declaration.world,
        )
    return _shown(stored, rules, zone)


@decisions.post(
    "/{response_id}/decisions",
    summary="Decline or end a response 不启动、终止应急响应",
    operation_id="decide_response",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_decision(
    database: Db,
    caller: Caller,
    rules: ResponseRules,
    zone: Zone,
    response_id: ResponseId,
    decision: ResponseDecision,
) -> ShownResponse:
    """Decline a proposal, or end what is in force, with a key of a person with a role of the number."""
    with refusals(), database.write() as connection:
        found = find_response(connection, response_id)
        if found is None:
            raise NotFound(f"There is no response {response_id}.")
        caller.require([Place(found.response.region, found.response.world)])
        if decision.decision == "decline":
            stored = decline(connection, response_id, decision.reason, signer=caller.signer, rules=rules)
        else:
            stored = end_response(connection, response_id, signer=caller.signer, rules=rules, reason=decision.reason)
    return _shown(stored, rules, zone)


def _shown(stored: StoredResponse, rules: ResponseRules, zone: Zone) -> ShownResponse:
    response = stored.response
    return ShownResponse(
        response_id=stored.response_id,
        region=response.region,
        world=response.world,
        state=response.state,
        number=response.number,
        roman=ROMAN[response.number] if response.number else None,
        proposed=response.proposed,
        because=dict(response.because),
        source=rule_of(rules, response.region).source,
        opened_at=local(response.opened_at, zone),
        ended_at=response.ended_at and local(response.ended_at, zone),
        reason=response.reason,
    )
