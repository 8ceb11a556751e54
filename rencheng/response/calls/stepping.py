"""Call the people of the next steps: who is on duty now, and is not called in this round yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rencheng.response.calls.answered import OFFICER, is_answered
from rencheng.response.calls.call import Call, CalledPerson, CallState, PersonState
from rencheng.response.calls.intents import Advance, Announce, Ask, AskKind, CallIntent, CancelAsks, Candidate, Finding
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, CallStep, Post
from rencheng.response.calls.roster import DutyReason

Roll = Mapping[Post, Candidate]
"""Who is on duty now for each post. A post without an entry has nobody."""

STALE_AFTER_S = 24 * 3600.0
"""A call found later than this after its due time calls nobody by itself. Proposal."""

LATE_MIN_S = 600.0
"""A step is late after twice its wait, and at least after this time. Proposal."""

OFFICER_EVERY_S = 300.0
"""The city's duty officer is called again after this time. Proposal."""


@dataclass(slots=True)
class _Round:
    """A call that is being advanced, with the intents so far."""

    call: Call
    roll: Roll
    now: datetime
    intents: list[CallIntent] = field(default_factory=list)

    def add(self, post: Post, step: CallStep, number: int, late_s: float) -> bool:
        """Call the people of a post. Return whether an answer can be expected of somebody called just now."""
        candidate = self.roll.get(post)
        if candidate is None or candidate.duty.person_id is None:
            self.intents.append(Announce(Finding.NOBODY_ON_DUTY, f"{post.role} {post.rank}"))
            return self.cover(post.role, step, number, late_s)
        is_awaited = self._call(candidate, candidate.duty.person_id, candidate.duty.reason, step, number, late_s)
        if candidate.leaving is not None:
            leaving = replace(candidate, is_reachable=True)
            is_awaited |= self._call(leaving, candidate.leaving, DutyReason.HANDOVER, step, number, late_s)
        return is_awaited or self.cover(post.role, step, number, late_s)

    def cover(self, role: str, step: CallStep, number: int, late_s: float = 0.0) -> bool:
        """Call the next deputy of a role of which nobody can answer any more. Return whether one is awaited."""
        for candidate in ranked(self.roll, role):
            person = candidate.duty.person_id
            known = self.call.target(person) if person else None
            if known is not None and not known.state.is_lost:
                return False
            if person and known is None and self._call(candidate, person, candidate.duty.reason, step, number, late_s):
                return True
        return False

    def _call(
        self, candidate: Candidate, person: str, reason: DutyReason, step: CallStep, number: int, late_s: float
    ) -> bool:
        """Call a person who is not called yet. Return whether an answer to this step can be expected."""
        role = candidate.post.role
        if known := self.call.target(person):
            roles = known.roles if role in known.roles else (*known.roles, role)
            self.call = with_target(self.call, replace(known, roles=roles))
            return known.step == number and not known.state.is_lost
        state, asks = (PersonState.WAITING, 1) if candidate.is_reachable else (PersonState.FAILED, 0)
        self.call = with_target(self.call, CalledPerson(person, (role,), number, reason, state, asks))
        if not candidate.is_reachable:
            self.intents.append(Announce(Finding.NO_CONTACT, person))
            return False
        self.intents.append(Ask(person, role, AskKind.FIRST, self.call.round, 1, step.channels, late_s))
        return True


def ranked(roll: Roll, role: str) -> list[Candidate]:
    """Return who is on duty for a role, the first person before the deputies."""
    return [candidate for post, candidate in sorted(roll.items(), key=lambda one: one[0].rank) if post.role == role]


def call_deputies(call: Call, person: CalledPerson, roll: Roll, now: datetime) -> Advance:
    """Call the deputies of a person who cannot answer any more, at once."""
    number = max(call.step, 1)
    going = _Round(call, roll, now)
    for role in person.roles:
        going.cover(role, call.policy.steps[min(number, len(call.policy.steps)) - 1], number)
    return Advance(going.call, tuple(going.intents))


def with_target(call: Call, target: CalledPerson) -> Call:
    """Return the call with a person added, or changed."""
    others = [target if each.person_id == target.person_id else each for each in call.targets]
    return replace(call, targets=tuple(others) if call.target(target.person_id) else (*call.targets, target))


def due_after(call: Call, now: datetime, wait_s: float) -> Call:
    """Return the call with its next time."""
    return replace(call, wait_s=wait_s, next_due=now + timedelta(seconds=wait_s))


def call_next(call: Call, roll: Roll, now: datetime, *, late_s: float = 0.0) -> Advance:
    """Call the people of the next step at once. A step without anybody to wait for costs no time."""
    going = _Round(replace(call, state=CallState.CALLING, was_asked=False), roll, now)
    steps = call.policy.steps
    for number in range(call.step + 1, len(steps) + 1):
        step = steps[number - 1]
        going.call = replace(going.call, step=number)
        if is_answered(going.call):
            return Advance(going.call, tuple(going.intents))
        awaited = [going.add(post, step, number, late_s) for post in step.posts]
        if any(awaited):
            return Advance(due_after(going.call, now, step.wait_s), tuple(going.intents))
    going.intents.append(Announce(Finding.EXHAUSTED))
    officer = call_officer(replace(going.call, state=CallState.EXHAUSTED), roll, now)
    return Advance(officer.call, (*going.intents, *officer.intents))


def call_late(call: Call, roll: Roll, now: datetime, late_s: float) -> Advance:
    """Call the step that would be due now, and the first one if it was never tried. Those between are passed over."""
    steps = call.policy.steps
    turn, left_s = call.step + 1, late_s
    while turn < len(steps) and left_s >= steps[turn - 1].wait_s:
        left_s -= steps[turn - 1].wait_s
        turn += 1
    found: list[CallIntent] = [Announce(Finding.LATE, f"{late_s:.0f} s")]
    going = _Round(call, roll, now)
    if call.step == 0 and turn > 1:
        for post in steps[0].posts:
            going.add(post, steps[0], 1, late_s)
    skipped = range(max(call.step + 1, 2), turn)
    found += [Announce(Finding.SKIPPED, f"step {number}") for number in skipped]
    last = call_next(replace(going.call, step=turn - 1), roll, now, late_s=late_s)
    return Advance(last.call, (*found, *going.intents, *last.intents))


def call_officer(call: Call, roll: Roll, now: datetime) -> Advance:
    """Call the city's duty officer; if that was done before, the deputy, and so on in turn."""
    call = due_after(call, now, OFFICER_EVERY_S)
    officers = [each for each in ranked(roll, OFFICER.role) if each.duty.person_id is not None]
    if not officers:
        return Advance(call, (Announce(Finding.NOBODY_ON_DUTY, CITY_DUTY_OFFICER),))
    called = [_as_officer(call, each) for each in officers]
    if any(known.state >= PersonState.ACCEPTED for known in called):
        answered = next(known for known in called if known.state >= PersonState.ACCEPTED)
        return Advance(with_target(call, answered))
    missing: list[CallIntent] = []
    for officer, known in zip(officers, called, strict=True):
        if not officer.is_reachable and known.state is not PersonState.OUT:
            call = with_target(call, replace(known, state=PersonState.FAILED))
            missing.append(Announce(Finding.NO_CONTACT, known.person_id))
    able = [
        known
        for officer, known in zip(officers, called, strict=True)
        if officer.is_reachable and known.state is not PersonState.OUT
    ]
    if not able:
        return Advance(call, tuple(missing))
    turn = min(able, key=lambda known: known.asks)
    asked = replace(turn, asks=turn.asks + 1, state=max(turn.state, PersonState.WAITING))
    kind = AskKind.AGAIN if turn.asks else AskKind.FIRST
    ask = Ask(turn.person_id, OFFICER.role, kind, call.round, asked.asks)
    return Advance(with_target(call, asked), (*missing, ask))


def _as_officer(call: Call, officer: Candidate) -> CalledPerson:
    person = officer.duty.person_id or ""
    known = call.target(person) or CalledPerson(person, (), call.step + 1, officer.duty.reason, asks=0)
    return known if OFFICER.role in known.roles else replace(known, roles=(*known.roles, OFFICER.role))


def call_person(call: Call, person_id: str, role: str, *, is_reachable: bool) -> Advance:
    """Call one more person, as an operator asked. One who was called before is asked again."""
    known = call.target(person_id) or CalledPerson(person_id, (role,), max(call.step, 1), DutyReason.REQUESTED, asks=0)
    if not is_reachable:
        failed = with_target(call, replace(known, state=PersonState.FAILED))
        return Advance(failed, (Announce(Finding.NO_CONTACT, person_id),))
    asked = replace(known, asks=known.asks + 1, state=max(known.state, PersonState.WAITING))
    kind = AskKind.AGAIN if known.asks else AskKind.FIRST
    return Advance(with_target(call, asked), (Ask(person_id, role, kind, call.round, asked.asks),))


def end_for_all(call: Call) -> tuple[CallIntent, ...]:
    """Return the intents of the end: nothing more is asked, and everybody who was asked is informed."""
    asked = [each.person_id for each in call.targets if each.state is not PersonState.FAILED]
    informed = dict.fromkeys((*call.earlier, *asked))
    ends = (Ask(person, "", AskKind.ENDED, call.round, 0) for person in informed)
    return (CancelAsks(None), *ends)
