"""The state machine of a command, for any order of inputs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.commands.command import OPEN, Command, CommandState
from rencheng.response.commands.forms import verbs_of
from rencheng.response.commands.inputs import (
    ClockTicked,
    CommandInput,
    CommandStep,
    DeviceChanged,
    NeedsPerson,
    NewerApproved,
    PublishEnded,
    PublishNow,
    RefusedByPerson,
    Replied,
    ReplyOutcome,
    SendingBegan,
    Signed,
    StateReported,
    WithdrawnByRequester,
)
from rencheng.response.commands.interlock import UNKNOWN, DeviceNow, PlaceNow, interlock
from rencheng.response.commands.machine import TABLE, begin, step
from rencheng.response.commands.proposals import BoundActuator, proposed
from rencheng.response.commands.verbs import DECIDE_WITHIN_S, RULES, ActuatorKind, Risk, Verb
from rencheng.response.signatures import Signature

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
PEOPLE = ("ann", "bo", "cy", "dee")
STATES = sorted({UNKNOWN, *(state for rule in RULES.values() for state in rule.wanted | rule.opposite)})

verbs = st.sampled_from(Verb)
people = st.sampled_from(PEOPLE)
signatures = st.builds(Signature, people, st.just(NOW), st.sampled_from([(), ("keeper",), ("police",), ("street",)]))
inputs: st.SearchStrategy[CommandInput] = st.one_of(
    st.builds(Signed, signatures),
    st.builds(RefusedByPerson, people, st.just("no")),
    st.builds(WithdrawnByRequester, people),
    st.builds(DeviceChanged, st.integers(1, 3)),
    st.just(NewerApproved("other")),
    st.builds(SendingBegan, st.sampled_from(["", "something is below the arm"]), st.integers(1, 3)),
    st.builds(PublishEnded, st.booleans()),
    st.builds(Replied, st.sampled_from(ReplyOutcome), st.just("")),
    st.builds(StateReported, st.sampled_from(STATES), st.sampled_from(["", "closed", "detour"])),
    st.just(ClockTicked()),
)
moves = st.lists(st.tuples(inputs, st.sampled_from([0.0, 1.0, 59.0, 61.0, 3600.0])), max_size=20)


def asked(verb: Verb, *, requester: str | None = "ann", is_proposed: bool = False) -> Command:
    parameters: dict[str, str | float] = {"text": "closed"} if verb is Verb.BOARD_SHOW else {}
    decide_by = NOW + timedelta(seconds=DECIDE_WITHIN_S)
    return Command(
        "id", "d1", "actual", "370102", "s1", verb, parameters, "a key", requester, is_proposed, decide_by=decide_by
    )


def played(first: CommandStep, play: list[tuple[CommandInput, float]]) -> list[tuple[CommandInput, CommandStep]]:
    done: list[tuple[CommandInput, CommandStep]] = []
    command, now = first.command, NOW
    for move, after_s in play:
        now += timedelta(seconds=after_s)
        result = step(command, move, now)
        done.append((move, result))
        command = result.command
    return done


def accepted(verb: Verb) -> Command:
    command = begin(asked(verb), NOW).command
    for person in ("bo", "cy"):
        if command.state is CommandState.ASKED:
            command = step(command, Signed(Signature(person, NOW, ("keeper",))), NOW).command
    for move in (SendingBegan("", 1), PublishEnded(is_received=True), Replied(ReplyOutcome.ACCEPTED)):
        command = step(command, move, NOW).command
    assert command.state is CommandState.ACCEPTED
    return command


def test_every_state_has_an_answer_to_every_input() -> None:
    assert {(state, kind) for state, row in TABLE.items() for kind in row} == {
        (state, kind) for state in CommandState for kind in get_args(CommandInput)
    }


@given(verbs, st.sampled_from(["ann", None]), st.booleans(), moves)
def test_a_command_is_sent_only_after_the_people_that_its_risk_asks_for(
    verb: Verb, requester: str | None, is_proposed: bool, play: list[tuple[CommandInput, float]]
) -> None:
    first = begin(asked(verb, requester=requester, is_proposed=is_proposed), NOW)
    signed: set[str] = set()
    roles: set[str] = set()
    for move, result in played(first, play):
        if isinstance(move, DeviceChanged) and result.command.state is CommandState.ASKED and not result.refusal:
            signed, roles = set(), set()
        if isinstance(move, Signed) and not result.refusal:
            signed.add(move.signature.person_id)
            roles.update(move.signature.roles)
        if any(isinstance(each, PublishNow) for each in result.intents) and result.command.sent_at is not None:
            risk = RULES[verb].risk
            needed = {Risk.NONE: 0, Risk.PROTECTS: int(is_proposed), Risk.UNDOES: 2}[risk]
            assert len(signed - {requester}) >= needed
            assert verb is not Verb.BARRIER_OPEN or roles & {"keeper", "police"}
            assert isinstance(move, SendingBegan)
            assert not move.interlock


@given(verbs, st.booleans(), moves)
def test_a_command_is_confirmed_only_by_a_state_after_the_device_accepted(
    verb: Verb, is_proposed: bool, play: list[tuple[CommandInput, float]]
) -> None:
    before = begin(asked(verb, is_proposed=is_proposed), NOW).command
    for move, result in played(CommandStep(before), play):
        if result.command.state is CommandState.CONFIRMED and before.state is not CommandState.CONFIRMED:
            assert before.state is CommandState.ACCEPTED
            assert isinstance(move, StateReported)
            assert move.state in RULES[verb].wanted
            assert move.state != UNKNOWN
        before = result.command


@given(verbs, st.booleans(), moves)
def test_a_final_state_stays_and_every_open_one_ends_by_itself(
    verb: Verb, is_proposed: bool, play: list[tuple[CommandInput, float]]
) -> None:
    first = begin(asked(verb, is_proposed=is_proposed), NOW)
    command = first.command
    for _, result in played(first, play):
        assert command.state in OPEN or result.command == command
        command = result.command
    for _ in CommandState:
        if command.next_due is not None:
            command = step(command, ClockTicked(), command.next_due).command
    assert command.state not in OPEN


@given(verbs, st.booleans(), moves)
def test_what_was_published_and_is_not_confirmed_needs_a_person_unless_replaced(
    verb: Verb, is_proposed: bool, play: list[tuple[CommandInput, float]]
) -> None:
    before = begin(asked(verb, is_proposed=is_proposed), NOW).command
    for _, result in played(CommandStep(before), play):
        has_ended = before.state in {CommandState.SENT, CommandState.ACCEPTED} and result.command.state not in OPEN
        if has_ended and result.command.state not in {CommandState.CONFIRMED, CommandState.SUPERSEDED}:
            assert any(isinstance(each, NeedsPerson) for each in result.intents)
        before = result.command


@given(verbs, moves)
def test_the_same_inputs_give_the_same_steps(verb: Verb, play: list[tuple[CommandInput, float]]) -> None:
    first = begin(asked(verb), NOW)
    assert played(first, play) == played(first, play)


@pytest.mark.parametrize("verb", Verb)
def test_nothing_is_sent_at_or_after_its_expiry(verb: Verb) -> None:
    command = begin(asked(verb), NOW).command
    for person in ("bo", "cy"):
        if command.state is CommandState.ASKED:
            command = step(command, Signed(Signature(person, NOW, ("police",))), NOW).command
    assert command.expires_at is not None
    result = step(command, SendingBegan("", 1), command.expires_at)
    assert result.command.state is CommandState.EXPIRED
    assert not any(isinstance(each, PublishNow) for each in result.intents)


def test_the_one_who_asked_cannot_approve_and_one_person_counts_once() -> None:
    command = begin(asked(Verb.BARRIER_OPEN), NOW).command
    own = step(command, Signed(Signature("ann", NOW, ("keeper",))), NOW)
    assert "ann asked for it" in own.refusal
    for _ in range(3):
        command = step(command, Signed(Signature("bo", NOW, ("keeper",))), NOW).command
    assert command.state is CommandState.ASKED
    assert step(command, Signed(Signature("cy", NOW)), NOW).command.state is CommandState.APPROVED


def test_two_people_without_the_needed_role_do_not_open_a_barrier() -> None:
    command = begin(asked(Verb.BARRIER_OPEN), NOW).command
    for person in ("bo", "cy"):
        command = step(command, Signed(Signature(person, NOW, ("street",))), NOW).command
    assert command.state is CommandState.ASKED
    assert step(command, Signed(Signature("dee", NOW, ("police",))), NOW).command.state is CommandState.APPROVED


@pytest.mark.parametrize(
    ("verb", "state", "ends_as"),
    [
        (Verb.BARRIER_CLOSE, "closed", CommandState.CONFIRMED),
        (Verb.BARRIER_CLOSE, "closing", CommandState.ACCEPTED),
        (Verb.BARRIER_CLOSE, "open", CommandState.ACCEPTED),
        (Verb.BARRIER_CLOSE, UNKNOWN, CommandState.ACCEPTED),
        (Verb.BARRIER_CLOSE, "opening", CommandState.CONTRADICTED),
        (Verb.BARRIER_OPEN, "closing", CommandState.CONTRADICTED),
        (Verb.PUMP_START, "fault", CommandState.CONTRADICTED),
        (Verb.PILE_STOP, "Charging", CommandState.ACCEPTED),
        (Verb.PILE_STOP, "Finishing", CommandState.CONFIRMED),
        (Verb.BOARD_SHOW, "shown", CommandState.ACCEPTED),
    ],
)
def test_a_reported_state_confirms_contradicts_or_is_not_enough(verb: Verb, state: str, ends_as: CommandState) -> None:
    assert step(accepted(verb), StateReported(state, "detour"), NOW).command.state is ends_as


def test_a_device_that_accepts_and_never_moves_is_contradicted() -> None:
    command = step(accepted(Verb.BARRIER_CLOSE), StateReported("open"), NOW).command
    assert command.confirm_by is not None
    assert step(command, ClockTicked(), command.confirm_by).command.state is CommandState.CONTRADICTED


def test_a_change_of_the_device_voids_signatures_and_stops_what_was_approved() -> None:
    command = begin(asked(Verb.BARRIER_OPEN), NOW).command
    one = step(command, Signed(Signature("bo", NOW, ("keeper",))), NOW).command
    again = step(one, DeviceChanged(2), NOW).command
    assert again.signatures == ()
    approved = begin(asked(Verb.BARRIER_CLOSE), NOW).command
    assert step(approved, DeviceChanged(2), NOW).command.state is CommandState.REFUSED
    assert step(approved, SendingBegan("", 2), NOW).command.state is CommandState.REFUSED


@pytest.mark.parametrize("verb", [verb for verb in Verb if RULES[verb].lets_in])
@pytest.mark.parametrize(
    "place",
    [
        None,
        PlaceNow(Level.NONE, is_measured=False),
        PlaceNow(Level.BLUE, is_measured=True),
        PlaceNow(Level.NONE, is_measured=True, awaits_reopening=True),
    ],
)
def test_nobody_is_let_into_a_place_that_is_not_measured_and_clear(verb: Verb, place: PlaceNow | None) -> None:
    assert interlock(asked(verb), DeviceNow(), place)
    assert not interlock(asked(verb), DeviceNow(), PlaceNow(Level.NONE, is_measured=True))


def test_a_barrier_does_not_close_on_what_is_below_its_arm() -> None:
    assert interlock(asked(Verb.BARRIER_CLOSE), DeviceNow("open", is_obstructed=True), None)
    assert not interlock(asked(Verb.BARRIER_CLOSE), DeviceNow(), None)


@given(st.sampled_from(Level), st.sampled_from(SiteType), st.lists(st.sampled_from(ActuatorKind), max_size=6))
def test_a_proposal_only_protects_and_only_grows_with_the_level(
    level: Level, site_type: SiteType, kinds: list[ActuatorKind]
) -> None:
    devices = [BoundActuator(f"d{n}", kind, frozenset(verbs_of(kind))) for n, kind in enumerate(kinds)]
    found = proposed(level, site_type, devices)
    assert all(RULES[each.verb].risk is Risk.PROTECTS for each in found)
    higher = proposed(Level.RED, site_type, devices)
    assert all(each in higher for each in found)


@pytest.mark.parametrize("site_type", [SiteType.UNDERGROUND_CAR_PARK, SiteType.CHARGING_STATION])
def test_a_flooding_car_park_stops_its_piles_and_holds_the_signals_in_one_step(site_type: SiteType) -> None:
    devices = [
        BoundActuator("p1", ActuatorKind.PILE, frozenset(verbs_of(ActuatorKind.PILE))),
        BoundActuator("x1", ActuatorKind.SIGNAL, frozenset(verbs_of(ActuatorKind.SIGNAL))),
    ]
    found = {(each.device_id, each.verb) for each in proposed(Level.ORANGE, site_type, devices)}
    assert found == {("p1", Verb.PILE_STOP), ("p1", Verb.PILE_UNAVAILABLE), ("x1", Verb.SIGNAL_HOLD)}


def test_a_newer_approval_ends_the_older_command_without_an_alarm() -> None:
    result = step(replace(accepted(Verb.BARRIER_CLOSE)), NewerApproved("other"), NOW)
    assert result.command.state is CommandState.SUPERSEDED
    assert not result.intents
