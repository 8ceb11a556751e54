"""The state machine of a response: a table of (state, input), and one function that applies it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LAPSES_AFTER = timedelta(minutes=60)
"""A proposal that nobody decides lapses, and is made again if it is still true. Source: response reference 4.3."""


class ResponseState(StrEnum):
    """The state of a response."""

    PROPOSED = "proposed"
    DECLARED = "declared"
    DECLINED = "declined"
    LAPSED = "lapsed"
    """Nobody decided, or the reason is gone."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class DeclaredResponse:
    """A response of a region.

    Attributes:
        number: the number in force, 4 to 1; None if none was declared.
        proposed: the number that the platform proposes now; None if it proposes none.
        because: the levels of the sites that the proposal rests on, by name of the level.
        proposed_at: when this number was proposed.
    """

    region: str
    world: str
    opened_at: datetime
    state: ResponseState = ResponseState.PROPOSED
    number: int | None = None
    proposed: int | None = None
    because: tuple[tuple[str, int], ...] = ()
    proposed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProposalChanged:
    """What the rule says now; None: it asks for nothing."""

    number: int | None
    because: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NumberDeclared:
    """A person declares a number, or another one."""

    person_id: str
    number: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProposalDeclined:
    """A person decides against the proposal."""

    person_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """A person ends the response. It never ends by itself."""

    person_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResponseAdvance:
    """The result of an input.

    Attributes:
        asks: whether people are to decide about a new proposal.
        refusal: why the input changes nothing.
    """

    response: DeclaredResponse
    asks: bool = False
    refusal: str = ""


ResponseInput = ProposalChanged | NumberDeclared | ProposalDeclined | ResponseEnded


def advance_response(response: DeclaredResponse, given: ResponseInput, now: datetime) -> ResponseAdvance:
    """Apply an input to a response."""
    handle = RESPONSE_TABLE[response.state][type(given)]
    return ResponseAdvance(response, refusal=handle) if isinstance(handle, str) else handle(response, given, now)


def _propose(response: DeclaredResponse, given: ProposalChanged, now: datetime) -> ResponseAdvance:
    """Take over the proposal. One that nobody decides lapses; a declared response stays whatever the rule says."""
    is_declared = response.state is ResponseState.DECLARED
    if is_declared and (given.number is None or given.number >= (response.number or 0)):
        return ResponseAdvance(replace(response, proposed=None, because=()))
    if given.number is None:
        return ResponseAdvance(_over(response, ResponseState.LAPSED, now, "the levels fell"))
    if given.number != response.proposed:
        is_graver = response.proposed is None or given.number < response.proposed
        at = now if is_graver else response.proposed_at
        proposed = replace(response, proposed=given.number, because=given.because, proposed_at=at)
        return ResponseAdvance(proposed, asks=is_graver)
    if not is_declared and response.proposed_at is not None and now - response.proposed_at >= LAPSES_AFTER:
        return ResponseAdvance(_over(response, ResponseState.LAPSED, now, "nobody decided"))
    return ResponseAdvance(response)


def _declare(response: DeclaredResponse, given: NumberDeclared, _now: datetime) -> ResponseAdvance:
    if response.number == given.number:
        return ResponseAdvance(response, refusal="this number is in force already")
    proposed = response.proposed if response.proposed is not None and response.proposed < given.number else None
    declared = replace(
        response, state=ResponseState.DECLARED, number=given.number, proposed=proposed, reason=given.reason
    )
    return ResponseAdvance(declared)


def _decline(response: DeclaredResponse, given: ProposalDeclined, now: datetime) -> ResponseAdvance:
    return ResponseAdvance(_over(response, ResponseState.DECLINED, now, given.reason))


def _end(response: DeclaredResponse, given: ResponseEnded, now: datetime) -> ResponseAdvance:
    return ResponseAdvance(_over(response, ResponseState.ENDED, now, given.reason))


def _over(response: DeclaredResponse, state: ResponseState, now: datetime, reason: str) -> DeclaredResponse:
    return replace(response, state=state, ended_at=now, reason=reason)


def may_propose_again(last: DeclaredResponse | None, number: int, now: datetime) -> bool:
    """Return whether a number may be proposed: one that was declined comes again after an hour, or if it is graver."""
    if last is None or last.state is not ResponseState.DECLINED or last.ended_at is None:
        return True
    return number < (last.proposed or 0) or now - last.ended_at >= LAPSES_AFTER


Handler = Callable[[DeclaredResponse, Any, datetime], ResponseAdvance] | str

_OVER: Mapping[type[Any], Handler] = dict.fromkeys(
    (ProposalChanged, NumberDeclared, ProposalDeclined, ResponseEnded), "it is over; declare another response"
)

RESPONSE_TABLE: Mapping[ResponseState, Mapping[type[Any], Handler]] = {
    ResponseState.PROPOSED: {
        ProposalChanged: _propose,
        NumberDeclared: _declare,
        ProposalDeclined: _decline,
        ResponseEnded: "it is not declared; decline the proposal",
    },
    ResponseState.DECLARED: {
        ProposalChanged: _propose,
        NumberDeclared: _declare,
        ProposalDeclined: "it is declared; end it",
        ResponseEnded: _end,
    },
    ResponseState.DECLINED: _OVER,
    ResponseState.LAPSED: _OVER,
    ResponseState.ENDED: _OVER,
}
"""What each state does with each input."""
