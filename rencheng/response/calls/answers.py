"""Answers of people, and what follows from them."""

from dataclasses import replace
from datetime import datetime

from rencheng.response.calls.answered import OFFICER, answering, enough, is_answered
from rencheng.response.calls.call import AnswerKind, Call, CalledPerson, CallState, PersonState
from rencheng.response.calls.inputs import Answered, AnswerWithdrawn, ContactFailed
from rencheng.response.calls.intents import Advance, Announce, CallIntent, CancelAsks, Finding
from rencheng.response.calls.roster import DutyReason
from rencheng.response.calls.stepping import Roll, call_deputies, call_next, call_officer, due_after, with_target

OUTDATED = "the call is in another round; a new answer is needed, because the level has risen since"

_STATES = {
    AnswerKind.RECEIVED: PersonState.RECEIVED,
    AnswerKind.ACCEPTED: PersonState.ACCEPTED,
    AnswerKind.ON_SITE: PersonState.ON_SITE,
}


def take_answer(call: Call, given: Answered, roll: Roll, now: datetime) -> Advance:
    """Apply an answer. The highest one counts, and enough of them stop the call."""
    if given.round != call.round:
        return Advance(call, refusal=OUTDATED)
    known = call.target(given.person_id) or CalledPerson(
        given.person_id, given.roles or ("volunteer",), max(call.step, 1), DutyReason.REQUESTED, asks=0
    )
    if given.kind is AnswerKind.CANNOT:
        return _lose(call, replace(known, state=PersonState.OUT), roll, now)
    state = max(known.state, _STATES[given.kind])
    answered = with_target(call, replace(known, state=state))
    stops: tuple[CancelAsks, ...] = (CancelAsks(given.person_id),) if state >= enough(call) else ()
    if call.state is CallState.ANSWERED:
        return Advance(hold(answered, now) if stops else answered, stops)
    return after(stops, settled(Advance(answered), roll, now))


def withdraw_answer(call: Call, given: AnswerWithdrawn, roll: Roll, now: datetime) -> Advance:
    """Take an answer back, and go on without the person."""
    known = call.target(given.person_id)
    if known is None or not known.state.is_positive:
        return Advance(call, refusal=f"{given.person_id} has given no answer that can be withdrawn")
    return _lose(call, replace(known, state=PersonState.OUT), roll, now)


def fail_contact(call: Call, given: ContactFailed, roll: Roll, now: datetime) -> Advance:
    """Go on without a person who cannot be reached."""
    known = call.target(given.person_id)
    if known is None or given.round != call.round or known.state is not PersonState.WAITING:
        return Advance(call, refusal="no answer of this person is awaited in this round")
    return _lose(call, replace(known, state=PersonState.FAILED), roll, now)


def _lose(call: Call, person: CalledPerson, roll: Roll, now: datetime) -> Advance:
    """Go on without a person: the deputy is called at once, and the next step if nobody of this one can answer."""
    lost = with_target(call, person)
    cancel: tuple[CallIntent, ...] = (CancelAsks(person.person_id),)
    if lost.state is CallState.ANSWERED and not is_answered(lost):
        lost = due_after(replace(lost, state=CallState.CALLING, was_asked=False), now, _wait_of(lost))
    elif lost.resumes_as is CallState.ANSWERED and not is_answered(lost):
        lost = replace(lost, resumes_as=CallState.CALLING, wait_s=0.0)
    was_called = call.target(person.person_id) is not None
    if was_called and lost.state is CallState.CALLING and lost.step and not is_answered(lost):
        return after(cancel, settled(call_deputies(lost, person, roll, now), roll, now))
    if lost.state is CallState.EXHAUSTED and OFFICER.role in person.roles:
        return after(cancel, settled(call_officer(lost, roll, now), roll, now))
    return after(cancel, settled(Advance(lost), roll, now))


def _wait_of(call: Call) -> float:
    return call.policy.steps[max(call.step, 1) - 1].wait_s


def hold(call: Call, now: datetime) -> Call:
    """Return the answered call with the time for which the answers hold."""
    held = replace(call, state=CallState.ANSWERED, was_asked=False)
    if any(each.state is PersonState.ON_SITE for each in call.targets):
        return replace(held, next_due=None, wait_s=0.0)
    return due_after(held, now, call.policy.hold_s)


def settled(result: Advance, roll: Roll, now: datetime) -> Advance:
    """Return the result, and what follows: the call is answered, or its step can bring no answer any more."""
    call = result.call
    is_on_site = any(each.state is PersonState.ON_SITE for each in call.targets)
    if call.state is CallState.ANSWERED and (call.next_due is not None or is_on_site):
        return result
    if is_answered(call):
        announced = (Announce(Finding.ANSWERED, ", ".join(each.person_id for each in answering(call))),)
        if call.state is CallState.PAUSED:
            return replace(result, call=replace(call, resumes_as=CallState.ANSWERED, wait_s=call.policy.hold_s))
        return Advance(hold(call, now), (*result.intents, CancelAsks(None), *announced))
    if call.state is not CallState.CALLING or call.step == 0:
        return result
    people = [each for each in call.targets if each.step == call.step]
    if people and all(each.state.is_lost for each in people):
        lost = (*result.intents, Announce(Finding.STEP_LOST, f"step {call.step}"))
        return settled(after(lost, call_next(call, roll, now)), roll, now)
    return result


def after(earlier: tuple[CallIntent, ...], result: Advance) -> Advance:
    """Return the result with intents before its own."""
    return replace(result, intents=(*earlier, *result.intents))
