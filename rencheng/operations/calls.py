"""Calls: follow the warnings, call who is on duty, and take answers. Each function runs in the caller's transaction."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.mute import Mute
from rencheng.domain.site import Site
from rencheng.operations.duty_roll import look_up_roll
from rencheng.response.calls.call import AnswerKind, Call, CalledPerson, CallState, PersonState
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
from rencheng.response.calls.intents import Advance, CallIntent
from rencheng.response.calls.machine import advance, open_call
from rencheng.response.calls.policy import CallPolicy, choose_policy
from rencheng.store.access import audit
from rencheng.store.calls import calls as store
from rencheng.store.calls.answers import GivenAnswer, first_refusal, record_answer
from rencheng.store.calls.asks import lost_contacts, reachable_people
from rencheng.store.calls.calls import FORGOTTEN_AFTER, CalledWarning, world_time
from rencheng.store.calls.people import find_roles, has_people
from rencheng.store.calls.policies import load_policies
from rencheng.store.calls.rosters import has_rosters
from rencheng.store.core.database import Connection

CarryOut = Callable[[Connection, Call, Sequence[CallIntent]], None]
"""Sends the messages of intents, in the transaction that writes them."""


def warnings_to_look_at(connection: Connection, mutes: Sequence[Mute]) -> list[str]:
    """Return the warnings whose calls need a look now, the gravest first.

    A city without any roster has no calls, but at red its registered people are called.
    """
    found = store.open_warnings(connection)
    if not has_rosters(connection):
        opens_from = Level.RED if has_people(connection) else None
        found = [each for each in found if each.call is not None or each.level is opens_from]
    if not found:
        return []
    lost = {each.warning_id for each in lost_contacts(connection)}
    times = {world: world_time(connection, world) for world in {each.world for each in found}}
    sites = store.called_sites(connection, sorted({each.site_id for each in found}))
    return [
        each.warning_id
        for each in found
        if each.warning_id in lost
        or (each.site_id in sites and _needs_look(each, sites[each.site_id], mutes, times[each.world]))
    ]


def _needs_look(warning: CalledWarning, site: Site, mutes: Sequence[Mute], now: datetime) -> bool:
    call = warning.call
    if call is None:
        return now - warning.updated_at < FORGOTTEN_AFTER
    if warning.is_closed or warning.level != call["now_level"] or call["state"] == CallState.ENDED:
        return True
    if call["state"] == CallState.STALE:
        return bool(warning.updated_at > call["changed_at"])
    if is_muted(site, mutes, warning.level, now) != (call["state"] == CallState.PAUSED):
        return True
    due = call["next_due"]
    return due is not None and (due <= now or due > now + timedelta(seconds=call["wait_s"]))


def is_muted(site: Site, mutes: Sequence[Mute], level: int, now: datetime) -> bool:
    """Return whether a mute suppresses a level of a site."""
    return any(mute.up_to >= level and mute.scope.includes(site) and mute.is_active(now) for mute in mutes)


def follow_warning(
    connection: Connection, warning_id: str, mutes: Sequence[Mute], carry_out: CarryOut
) -> list[Advance]:
    """Open the call of a warning, or let it go on. Nothing is done while another process does it.

    The warning is read in the same transaction, so that nobody is called for one that has ended.
    """
    warning = store.find_warning(connection, warning_id)
    site = store.called_sites(connection, [warning["site_id"]]).get(warning["site_id"]) if warning else None
    if warning is None or site is None:
        return []
    now = world_time(connection, warning["world"])
    policies = load_policies(connection)
    level = Level(warning["level"])
    policy = choose_policy(policies, site.region, site.site_type, level)
    is_closed = warning["closed_at"] is not None
    if store.find_call(connection, warning_id) is None:
        if policy is None or is_closed:
            return []
        store.add_call(connection, open_call(warning_id, site, level, policy, now))
    locked = store.lock_call(connection, warning_id, wait=False)
    if locked is None:
        return []
    call, events = locked
    results = []
    failed = [ContactFailed(each.person_id, each.round) for each in lost_contacts(connection, warning_id)]
    for given in [
        *failed,
        *_inputs(call, level, policy, is_closed=is_closed, is_muted=is_muted(site, mutes, level, now)),
    ]:
        result = _apply(connection, call, events, given, now, carry_out)
        call, events = result.call, events + 1
        results.append(result)
    return results


def _inputs(
    call: Call, level: Level, policy: CallPolicy | None, *, is_closed: bool, is_muted: bool
) -> Iterable[CallInput]:
    """Yield what happened since the last look."""
    if is_closed:
        if call.state is not CallState.ENDED:
            yield WarningClosed()
        return
    if level != call.now_level or call.state in {CallState.STALE, CallState.ENDED}:
        yield LevelChanged(level, policy, is_muted)
        return
    if is_muted and call.state is not CallState.PAUSED:
        yield SilenceBegan()
    elif not is_muted and call.state is CallState.PAUSED:
        yield SilenceEnded()
    elif not is_muted:
        yield TimePassed()


def _apply(
    connection: Connection, call: Call, events: int, given: CallInput, now: datetime, carry_out: CarryOut
) -> Advance:
    policy = given.policy if isinstance(given, LevelChanged) and given.policy else call.policy
    level = given.level if isinstance(given, LevelChanged) else call.level
    roll = look_up_roll(connection, call, policy, max(level, call.level))
    result = advance(call, given, roll, now)
    if result.call != call or result.intents or result.refusal:
        store.record_advance(connection, given, roll, now, result, events)
        carry_out(connection, result.call, result.intents)
    return result


def note_progress(connection: Connection, warning_id: str) -> None:
    """Let the call of a warning know that a task moved, so that those who answered are not asked again."""
    locked = store.lock_call(connection, warning_id)
    if locked is not None:
        call, events = locked
        _apply(connection, call, events, Progressed(), world_time(connection, call.world), send_nothing)


def answer_call(connection: Connection, given: GivenAnswer, carry_out: CarryOut, *, role: str | None = None) -> str:
    """Take an answer. Return why it changed nothing; empty: it counts. A repetition returns what the first one did.

    Args:
        connection: the transaction.
        given: the answer.
        carry_out: sends what follows.
        role: a role of a person who was not called, besides those of the register.

    Raises:
        NotPossible: the warning has no call, or the person is not registered.
    """
    call, events = _locked(connection, given.warning_id)
    roles = _roles(connection, given.person_id)
    known = first_refusal(connection, given)
    if known is not None:
        return known
    now = world_time(connection, call.world)
    answered = Answered(given.person_id, given.kind, given.round, (*(() if role is None else (role,)), *roles))
    result = _apply(connection, call, events, answered, now, carry_out)
    record_answer(connection, given, call.level, result.refusal)
    detail = {"person": given.person_id, "kind": given.kind.value, "round": given.round, "via": given.via}
    if result.refusal:
        detail["refusal"] = result.refusal
    if given.note:
        detail["note"] = given.note
    audit.record(connection, given.recorded_by, "call.answer", f"warning {given.warning_id}", detail)
    return result.refusal


def answer_for(
    connection: Connection,
    warning_id: str,
    person_id: str,
    kind: AnswerKind,
    *,
    actor: str,
    via: str,
    carry_out: CarryOut,
    note: str = "",
) -> str:
    """Record an answer that a person gave by telephone or otherwise (代答), for the present round and ask."""
    call, _ = _locked(connection, warning_id)
    known = call.target(person_id)
    given = GivenAnswer(warning_id, person_id, kind, call.round, known.asks if known else 0, via, actor, note)
    return answer_call(connection, given, carry_out)


def call_one_more(
    connection: Connection,
    warning_id: str,
    person_id: str,
    role: str,
    *,
    actor: str,
    carry_out: CarryOut,
    ask: int | None = None,
) -> str:
    """Call one more person for a warning. Return why that is refused; empty: the person is called.

    Args:
        connection: the transaction.
        warning_id: the warning.
        person_id: the person.
        role: the role in which the person is called.
        actor: who asks for it.
        carry_out: sends the message.
        ask: the number of the ask that is meant, so that a repetition asks once. By default the first one, and
            another one of a person who could not come or be reached.
    """
    call, events = _locked(connection, warning_id)
    _roles(connection, person_id)
    is_reachable = person_id in reachable_people(connection, [person_id], call.world, call.level)
    if call.state is not CallState.ENDED and _is_asked(call.target(person_id), ask, is_reachable=is_reachable):
        return ""
    added = PersonAdded(person_id, role, is_reachable)
    result = _apply(connection, call, events, added, world_time(connection, call.world), carry_out)
    detail = {"person": person_id, "role": role} | ({"refusal": result.refusal} if result.refusal else {})
    audit.record(connection, actor, "call.add", f"warning {warning_id}", detail)
    return result.refusal


def _is_asked(known: CalledPerson | None, ask: int | None, *, is_reachable: bool) -> bool:
    """Return whether a person is asked as often as a request wants already."""
    if known is None:
        return False
    if known.state is PersonState.FAILED:
        return not is_reachable
    return known.asks >= ask if ask is not None else not known.state.is_lost


def end_call(connection: Connection, warning_id: str, reason: str, *, actor: str, carry_out: CarryOut) -> str:
    """End a call by a person's decision. Return why that is refused; empty: it has ended."""
    call, events = _locked(connection, warning_id)
    if call.state is CallState.ENDED and call.ended_by == actor:
        return ""  # a repetition
    now = world_time(connection, call.world)
    result = _apply(connection, call, events, EndedByPerson(actor), now, carry_out)
    if not result.refusal:
        audit.record(connection, actor, "call.end", f"warning {warning_id}", {"reason": reason})
    return result.refusal


def withdraw_answer_of(
    connection: Connection, warning_id: str, person_id: str, reason: str, *, actor: str, carry_out: CarryOut
) -> str:
    """Take an answer back, and call the next one. Return why that is refused; empty: nobody counts on the answer."""
    call, events = _locked(connection, warning_id)
    known = call.target(person_id)
    if known is not None and known.state is PersonState.OUT:
        return ""  # a repetition
    result = _apply(connection, call, events, AnswerWithdrawn(person_id), world_time(connection, call.world), carry_out)
    if not result.refusal:
        detail = {"person": person_id, "reason": reason}
        audit.record(connection, actor, "call.withdraw", f"warning {warning_id}", detail)
    return result.refusal


def _locked(connection: Connection, warning_id: str) -> tuple[Call, int]:
    locked = store.lock_call(connection, warning_id)
    if locked is None:
        raise NotPossible(f"nobody is called for the warning {warning_id}; `rencheng call list` shows all calls")
    return locked


def _roles(connection: Connection, person_id: str) -> tuple[str, ...]:
    roles = find_roles(connection, person_id)
    if roles is None:
        raise NotPossible(f"the person {person_id} is not registered; `rencheng people list` shows all")
    return roles


def send_nothing(_connection: Connection, _call: Call, _intents: Sequence[CallIntent]) -> None:
    """Send nothing: the intents are on record all the same."""
