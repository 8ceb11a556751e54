"""Properties of calls, for any order of inputs."""

import random
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rencheng.domain.level import Level
from rencheng.response.calls.call import AnswerKind, Call, CallState, PersonState
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
from rencheng.response.calls.intents import Advance, Ask, AskKind
from rencheng.response.calls.machine import CLOSED, TABLE, advance
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from tests.response.calls.plays import THREE, Play, on, policy, step

PEOPLE = ("ann", "bo", "cy", "dee")
ROLES = ("keeper", "deputy", "leader")
SOME, MANY = 500, 10_000

waits = st.sampled_from([60.0, 120.0, 300.0])
needs = st.lists(st.sampled_from(ROLES), max_size=2).map(tuple)
policies = st.lists(
    st.builds(
        lambda roles, wait_s, need: step(*roles, wait_s=wait_s, needs=need),
        st.sets(st.sampled_from(ROLES), min_size=1),
        waits,
        needs,
    ),
    min_size=1,
    max_size=4,
).map(lambda steps: policy(*steps, level=Level.ORANGE))
posts = st.builds(
    lambda found, reached: dict(on(person, role, is_reachable=person in reached) for role, person in found.items()),
    st.fixed_dictionaries({role: st.sampled_from([None, *PEOPLE]) for role in (*ROLES, CITY_DUTY_OFFICER)}),
    st.frozensets(st.sampled_from(PEOPLE)),
)
people = st.sampled_from(PEOPLE)
rounds = st.integers(1, 2)
inputs: st.SearchStrategy[CallInput] = st.one_of(
    st.just(TimePassed()),
    st.builds(Answered, people, st.sampled_from(AnswerKind), rounds),
    st.builds(AnswerWithdrawn, people),
    st.builds(ContactFailed, people, rounds),
    st.builds(LevelChanged, st.sampled_from([Level.YELLOW, Level.ORANGE, Level.RED]), st.just(THREE), st.booleans()),
    st.just(WarningClosed()),
    st.builds(EndedByPerson, people),
    st.just(SilenceBegan()),
    st.just(SilenceEnded()),
    st.just(Progressed()),
    st.builds(PersonAdded, people, st.sampled_from(ROLES), st.booleans()),
)
plays = st.lists(st.tuples(inputs, st.sampled_from([0.0, 1.0, 60.0, 120.0, 900.0, 7200.0, -3600.0])), max_size=30)


def played(of: object, roll: dict[Post, object], moves: list[tuple[CallInput, float]]) -> Play:
    play = Play(policy=of, roll=roll)  # type: ignore[arg-type]
    play.give(TimePassed())
    for move, after_s in moves:
        play.give(move, after_s)
    return play


def test_every_state_has_an_answer_to_every_input() -> None:
    assert {(state, kind) for state, row in TABLE.items() for kind in row} == {
        (state, kind) for state in CallState for kind in get_args(CallInput)
    }
    reasons = [handler for row in TABLE.values() for handler in row.values() if isinstance(handler, str)]
    assert all(reasons)


@given(policies, posts, plays)
@settings(max_examples=60, deadline=None)
def test_a_call_ends_only_with_its_warning_or_by_a_person(
    of: object, roll: dict[Post, object], moves: list[tuple[CallInput, float]]
) -> None:
    call = played(of, roll, moves).call

    if call.state is CallState.ENDED:
        assert call.ended_by == CLOSED or call.ended_by in PEOPLE
    elif call.state in {CallState.CALLING, CallState.EXHAUSTED}:
        assert call.next_due is not None
    elif call.state is CallState.ANSWERED:
        assert call.next_due is not None or any(each.state is PersonState.ON_SITE for each in call.targets)


@given(policies, posts, plays)
@settings(max_examples=60, deadline=None)
def test_every_state_but_the_last_can_be_left(
    of: object, roll: dict[Post, object], moves: list[tuple[CallInput, float]]
) -> None:
    play = played(of, roll, moves)
    play.give(WarningClosed())
    assert play.call.state is CallState.ENDED


@given(policies, posts, plays)
@settings(max_examples=60, deadline=None)
def test_recorded_inputs_give_the_recorded_intents_again(
    of: object, roll: dict[Post, object], moves: list[tuple[CallInput, float]]
) -> None:
    form = TypeAdapter(Call)
    kept = TypeAdapter(Advance)
    play = played(of, roll, [])
    call = play.call
    for move, after_s in moves:
        result = play.give(move, after_s)
        restored = form.validate_json(form.dump_json(call))
        again = advance(restored, move, play.roll, play.now)
        assert kept.dump_json(again) == kept.dump_json(result)
        call = result.call


@given(policies, posts, st.lists(st.sampled_from([1.0, 7.0, 60.0]), max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_step_never_begins_before_the_waits_of_the_steps_before_it_and_not_later_than_the_next_look(
    of: object, roll: dict[Post, object], looks: list[float]
) -> None:
    play = Play(policy=of, roll=roll)  # type: ignore[arg-type]
    play.give(TimePassed())
    began: dict[int, float] = {}
    awaited: set[int] = set()
    for look_s in (0.0, *looks):
        play.give(TimePassed(), look_s)
        for each in play.call.targets:
            began.setdefault(each.step, (play.now - play.call.opened_at).total_seconds())
            if each.state is not PersonState.FAILED:
                awaited.add(each.step)
    steps = play.call.policy.steps
    waited_s = 0.0
    for number in sorted(began):
        assert waited_s <= began[number] <= waited_s + max(looks, default=0.0) * number
        if number in awaited and number <= len(steps):
            waited_s += steps[number - 1].wait_s


@pytest.mark.parametrize("interleavings", [range(SOME), pytest.param(range(SOME, MANY), marks=pytest.mark.long)])
def test_nobody_is_asked_again_after_answering_in_any_interleaving(interleavings: range) -> None:
    """The exceptions are asks that somebody wants: a renewal, a person added, a new round."""
    for seed in interleavings:
        dice = random.Random(seed)  # noqa: S311 - the same plays every time
        play = Play(
            policy=policy(
                step("keeper", "deputy", needs=("keeper",) * dice.randint(0, 1)), step("leader"), level=Level.ORANGE
            )
        )
        answered: set[tuple[str, int]] = set()
        for _ in range(12):
            moves: list[CallInput] = [
                TimePassed(),
                TimePassed(),
                Answered(dice.choice(PEOPLE), dice.choice([AnswerKind.ACCEPTED, AnswerKind.CANNOT]), play.call.round),
                ContactFailed(dice.choice(PEOPLE), play.call.round),
                LevelChanged(dice.choice([Level.ORANGE, Level.RED]), THREE),
                SilenceBegan(),
                SilenceEnded(),
            ]
            move = dice.choice(moves)
            result = play.give(move, dice.choice([0.0, 30.0, 120.0, 301.0]))
            for one in result.intents:
                if isinstance(one, Ask) and one.kind in {AskKind.FIRST, AskKind.AGAIN}:
                    assert (one.person_id, one.round) not in answered, seed
            if isinstance(move, Answered) and not result.refusal:
                answered.add((move.person_id, move.round))


@given(policies, plays, st.sampled_from([timedelta(hours=2), timedelta(hours=-2), timedelta(seconds=-1)]))
@settings(max_examples=40, deadline=None)
def test_one_look_at_the_clock_begins_one_step_at_most(
    of: object, moves: list[tuple[CallInput, float]], jump: timedelta
) -> None:
    play = Play(policy=of)  # type: ignore[arg-type]
    for move, after_s in [(TimePassed(), 0.0), *moves]:
        play.give(move, after_s)
    play.now += jump
    asked = [one for one in play.give(TimePassed()).intents if isinstance(one, Ask) and one.kind is AskKind.FIRST]
    began = {each.step for each in play.call.targets if each.person_id in {one.person_id for one in asked}}
    assert len(began - {1}) <= 1
