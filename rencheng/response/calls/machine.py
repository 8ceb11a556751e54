"""The state machine of a call: a table of (state, input), and one function that applies it.

Everything is passed in: the call, the input, who is on duty, and the time. The same arguments give the same result.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.response.calls.answers import after, fail_contact, hold, settled, take_answer, withdraw_answer
from rencheng.response.calls.call import Call, CallState, PersonState
from rencheng.response.calls.inputs import (
    Answered,
    AnswerWithdrawn,
    CallInput,
    ContactFailed,
    EndedByPerson,
    LevelChanged,
    PersonAdded,
    Progressed,
    SilenceBegan,
    SilenceEnded,
    TimePassed,
    WarningClosed,
)
from rencheng.response.calls.intents import Advance, Announce, Ask, AskKind, CallIntent, CancelAsks, Finding
from rencheng.response.calls.policy import CallPolicy
from rencheng.response.calls.stepping import (
    LATE_MIN_S,
    STALE_AFTER_S,
    Roll,
    call_late,
    call_next,
    call_officer,
    call_person,
    due_after,
    end_for_all,
    with_target,
)

OVER = "the call is over"


def open_call(warning_id: str, site: Site, level: Level, policy: CallPolicy, now: datetime) -> Call:
    """Return a new call. Its first step is due at once."""
    return Call(
        warning_id,
        site.site_id,
        site.site_type,
        site.region,
        site.world,
        level,
        level,
        policy,
        opened_at=now,
        next_due=now,
    )


def advance(call: Call, given: CallInput, roll: Roll, now: datetime) -> Advance:
    """Apply an input to a call.

    Args:
        call: the call.
        given: what happened.
        roll: who is on duty now for each post.
        now: the time: of the database's clock, and of an exercise its own.
    """
    handle = TABLE[call.state][type(given)]
    return Advance(call, refusal=handle) if isinstance(handle, str) else handle(call, given, roll, now)


# The clock


def _pass_time(call: Call, _given: TimePassed, roll: Roll, now: datetime) -> Advance:
    due = call.next_due
    if due is not None and now + timedelta(seconds=call.wait_s) < due:
        return Advance(due_after(call, now, call.wait_s), (Announce(Finding.CLOCK_WENT_BACK),))
    if due is None or now < due:
        return Advance(call)
    late_s = (now - due).total_seconds()
    if late_s > STALE_AFTER_S:
        stale = replace(call, state=CallState.STALE, next_due=None)
        return Advance(stale, (CancelAsks(None), Announce(Finding.STALE, f"{late_s:.0f} s")))
    if call.state is CallState.ANSWERED:
        return _renew(call, roll, now)
    if call.state is CallState.EXHAUSTED:
        return settled(call_officer(call, roll, now), roll, now)
    is_late = late_s > max(2 * call.wait_s, LATE_MIN_S)
    return settled(call_late(call, roll, now, late_s) if is_late else call_next(call, roll, now), roll, now)


def _renew(call: Call, roll: Roll, now: datetime) -> Advance:
    """Ask those who answered once more; after that, call the next step."""
    answering = [each for each in call.targets if each.state.is_positive]
    if not call.was_asked:
        asks = []
        for person in answering:
            call = with_target(call, replace(person, asks=person.asks + 1))
            asks.append(Ask(person.person_id, person.roles[0], AskKind.RENEW, call.round, person.asks + 1))
        wait_s = call.policy.steps[max(call.step, 1) - 1].wait_s
        return Advance(replace(due_after(call, now, wait_s), was_asked=True), tuple(asks))
    for person in answering:
        call = with_target(call, replace(person, state=PersonState.OUT))
    lapsed: tuple[CallIntent, ...] = (
        CancelAsks(None),
        *(Announce(Finding.NOT_RENEWED, person.person_id) for person in answering),
    )
    return after(lapsed, call_next(call, roll, now))


# The warning


def _change_level(call: Call, given: LevelChanged, roll: Roll, now: datetime) -> Advance:
    """Open a new round if the level rose above what the answers saw. Otherwise only the text changes."""
    present = replace(call, now_level=given.level)
    if given.level <= call.level or given.policy is None:
        if call.state is CallState.STALE and not given.is_muted:
            return settled(call_next(present, roll, now), roll, now)
        return Advance(present)
    people = [each.person_id for each in call.targets if each.state is not PersonState.FAILED]
    risen = replace(
        present,
        level=given.level,
        policy=given.policy,
        round=call.round + 1,
        state=CallState.CALLING,
        step=0,
        was_asked=False,
        targets=(),
        earlier=tuple(dict.fromkeys((*call.earlier, *people))),
        ended_by="",
        resumes_as=None,
    )
    begin = (CancelAsks(None), Announce(Finding.RISEN, given.level.word))
    if given.is_muted:
        paused = replace(risen, state=CallState.PAUSED, resumes_as=CallState.CALLING, wait_s=0.0, next_due=None)
        return Advance(paused, begin)
    return after(begin, settled(call_next(risen, roll, now), roll, now))


def _rise_after_end(call: Call, given: LevelChanged, roll: Roll, now: datetime) -> Advance:
    if call.ended_by == CLOSED or given.level <= call.level:
        return Advance(call, refusal=OVER)
    return _change_level(call, given, roll, now)


CLOSED = "closed"


def _close(call: Call, _given: WarningClosed, _roll: Roll, _now: datetime) -> Advance:
    ended = replace(call, state=CallState.ENDED, next_due=None, resumes_as=None, ended_by=CLOSED, now_level=Level.NONE)
    return Advance(ended, end_for_all(call))


def _end(call: Call, given: EndedByPerson, _roll: Roll, _now: datetime) -> Advance:
    ended = replace(call, state=CallState.ENDED, next_due=None, resumes_as=None, ended_by=given.by)
    return Advance(ended, end_for_all(call))


def _pause(call: Call, _given: SilenceBegan, _roll: Roll, now: datetime) -> Advance:
    left_s = max(0.0, (call.next_due - now).total_seconds()) if call.next_due else 0.0
    paused = replace(call, state=CallState.PAUSED, resumes_as=call.state, wait_s=left_s, next_due=None)
    return Advance(paused, (CancelAsks(None),))


def _resume(call: Call, _given: SilenceEnded, _roll: Roll, now: datetime) -> Advance:
    state = call.resumes_as or CallState.CALLING
    resumed = replace(call, state=state, resumes_as=None)
    is_held = state is CallState.ANSWERED and any(each.state is PersonState.ON_SITE for each in call.targets)
    return Advance(replace(resumed, next_due=None) if is_held else due_after(resumed, now, call.wait_s))


# People


def _progress(call: Call, _given: Progressed, _roll: Roll, now: datetime) -> Advance:
    return Advance(hold(call, now))


def _add(call: Call, given: PersonAdded, roll: Roll, now: datetime) -> Advance:
    result = call_person(call, given.person_id, given.role, is_reachable=given.is_reachable)
    return settled(result, roll, now) if call.state is not CallState.ANSWERED else result


def _ignore(call: Call, _given: CallInput, _roll: Roll, _now: datetime) -> Advance:
    return Advance(call)


Handler = Callable[[Call, Any, Roll, datetime], Advance] | str
"""A function that applies an input, or the reason for which it changes nothing."""

_OPEN: Mapping[type[Any], Handler] = {
    TimePassed: _pass_time,
    Answered: take_answer,
    AnswerWithdrawn: withdraw_answer,
    ContactFailed: fail_contact,
    LevelChanged: _change_level,
    WarningClosed: _close,
    EndedByPerson: _end,
    SilenceBegan: _pause,
    SilenceEnded: "no silence pauses the call",
    Progressed: _ignore,
    PersonAdded: _add,
}

TABLE: Mapping[CallState, Mapping[type[Any], Handler]] = {
    CallState.CALLING: _OPEN,
    CallState.EXHAUSTED: _OPEN,
    CallState.ANSWERED: {**_OPEN, Progressed: _progress},
    CallState.PAUSED: {
        **_OPEN,
        TimePassed: _ignore,
        SilenceBegan: "the call is paused already",
        SilenceEnded: _resume,
    },
    CallState.STALE: {**_OPEN, TimePassed: _ignore, SilenceBegan: "nobody is called; the call was found too late"},
    CallState.ENDED: {
        **dict.fromkeys(_OPEN, OVER),
        TimePassed: _ignore,
        LevelChanged: _rise_after_end,
    },
}
"""What each state does with each input."""
