"""A call goes on until somebody answers: steps, answers, rises, silences, and what is found late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rencheng.domain.level import Level
from rencheng.response.calls.call import AnswerKind, CallState
from rencheng.response.calls.inputs import (
    Answered,
    AnswerWithdrawn,
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
from rencheng.response.calls.intents import Ask, AskKind, Finding
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from tests.response.calls.plays import THREE, Play, on, policy, step


def accepted(person: str, round_: int = 1) -> Answered:
    return Answered(person, AnswerKind.ACCEPTED, round_)


def started(**more: object) -> Play:
    play = Play(**more)  # type: ignore[arg-type]
    play.give(TimePassed())
    return play


def test_steps_follow_each_other_at_their_waits_and_the_officer_is_called_until_somebody_answers() -> None:
    play = started()
    play.wait(1000)

    assert play.sent == [
        (0.0, "ann", "first"),
        (120.0, "bo", "first"),
        (240.0, "cy", "first"),
        (360.0, "dee", "first"),
        (660.0, "dee", "again"),
        (960.0, "dee", "again"),
    ]
    assert play.is_in(CallState.EXHAUSTED)
    play.give(accepted("dee"))
    assert play.is_in(CallState.ANSWERED)


def test_an_accepting_answer_stops_the_call_and_a_received_one_does_not_at_red() -> None:
    play = started()
    play.give(Answered("ann", AnswerKind.RECEIVED, 1), 10)
    play.wait(120)
    assert play.sent[-1][1] == "bo"
    play.give(accepted("ann"))
    play.wait(600)

    assert play.is_in(CallState.ANSWERED)
    assert len(play.sent) == 2


def test_at_yellow_received_is_enough() -> None:
    play = started(policy=replace(THREE, level=Level.YELLOW))
    play.give(Answered("ann", AnswerKind.RECEIVED, 1))
    assert play.is_in(CallState.ANSWERED)


def test_a_person_who_cannot_come_costs_no_wait() -> None:
    play = started()
    play.give(Answered("ann", AnswerKind.CANNOT, 1), 5)
    assert play.sent[-1] == (5.0, "bo", "first")


def test_each_needed_role_has_to_answer() -> None:
    both = policy(step("keeper", "deputy", needs=("keeper", "deputy")), step("leader"))
    play = started(policy=both)
    play.give(accepted("ann"), 5)
    assert play.is_in(CallState.CALLING)
    play.wait(120)
    assert [person for _, person, _ in play.sent] == ["ann", "bo", "cy"]
    play.give(accepted("bo"))
    assert play.is_in(CallState.ANSWERED)


@pytest.mark.parametrize("nobody", ["gap", "unreachable", "missing"])
def test_an_empty_step_costs_no_wait_and_the_reason_is_recorded(nobody: str) -> None:
    play = Play()
    if nobody == "missing":
        del play.roll[Post("keeper")]
    else:
        person = "ann" if nobody == "unreachable" else None
        play.roll |= dict([on(person, "keeper", is_reachable=False)])
    play.give(TimePassed())

    assert play.sent == [(0.0, "bo", "first")]
    assert play.findings == [Finding.NO_CONTACT if nobody == "unreachable" else Finding.NOBODY_ON_DUTY]


def test_nobody_at_all_exhausts_the_call_at_once_and_it_does_not_end() -> None:
    play = Play(roll={})
    play.give(TimePassed())
    play.wait(700)

    assert play.is_in(CallState.EXHAUSTED)
    assert play.findings.count(Finding.EXHAUSTED) == 1
    assert not play.sent


def test_a_contact_that_fails_calls_the_next_step_at_once() -> None:
    play = started()
    play.give(ContactFailed("ann", 1), 3)
    assert play.sent[-1] == (3.0, "bo", "first")


def test_a_rise_opens_a_round_in_which_earlier_answers_do_not_count() -> None:
    play = started(policy=replace(THREE, level=Level.ORANGE))
    play.give(accepted("ann"), 5)
    play.give(LevelChanged(Level.RED, THREE), 60)

    assert play.call.round == 2
    assert play.is_in(CallState.CALLING)
    assert play.sent[-1] == (65.0, "ann", "first")
    assert play.give(accepted("ann", round_=1)).refusal
    play.give(accepted("ann", round_=2))
    assert play.is_in(CallState.ANSWERED)


def test_a_fall_and_a_rise_to_a_level_that_was_answered_call_nobody() -> None:
    play = started()
    play.give(accepted("ann"))
    play.give(LevelChanged(Level.ORANGE, THREE))
    play.give(LevelChanged(Level.RED, THREE))

    assert play.call.round == 1
    assert len(play.sent) == 1


def test_an_answer_without_progress_is_asked_for_once_and_then_lapses() -> None:
    play = started()
    play.give(accepted("ann"))
    play.wait(899)
    assert len(play.sent) == 1
    play.wait(1)
    assert play.sent[-1] == (900.0, "ann", "renew")
    play.wait(120)
    assert play.sent[-1] == (1020.0, "bo", "first")
    assert play.is_in(CallState.CALLING)


@pytest.mark.parametrize("given", [Progressed(), accepted("ann")])
def test_progress_and_a_renewed_answer_extend_the_hold(given: Progressed | Answered) -> None:
    play = started()
    play.give(accepted("ann"))
    play.give(given, 800)
    play.wait(899)
    assert len(play.sent) == 1


def test_somebody_on_site_holds_until_the_end() -> None:
    play = started()
    play.give(Answered("ann", AnswerKind.ON_SITE, 1))
    play.wait(4000)
    assert len(play.sent) == 1


def test_a_withdrawn_answer_calls_the_next_at_once() -> None:
    play = started()
    play.give(accepted("ann"))
    play.give(AnswerWithdrawn("ann"), 30)

    assert play.is_in(CallState.CALLING)
    assert play.sent[-1] == (30.0, "bo", "first")


def test_a_silence_pauses_and_its_end_resumes_with_the_time_that_remained() -> None:
    play = started()
    play.give(SilenceBegan(), 100)
    play.wait(500)
    assert len(play.sent) == 1
    play.give(SilenceEnded())
    play.wait(20)
    assert play.sent[-1] == (620.0, "bo", "first")


def test_an_operator_can_always_call_one_more() -> None:
    play = started()
    play.give(accepted("ann"))
    play.give(PersonAdded("eve", "police"))

    assert play.sent[-1][1] == "eve"
    assert play.is_in(CallState.ANSWERED)


def test_the_end_is_sent_to_everybody_who_was_asked() -> None:
    play = started()
    play.wait(130)
    result = play.give(WarningClosed())

    assert {one.person_id for one in result.intents if isinstance(one, Ask)} == {"ann", "bo"}
    assert {one.kind for one in result.intents if isinstance(one, Ask)} == {AskKind.ENDED}
    assert play.give(accepted("ann")).refusal
    assert play.give(LevelChanged(Level.RED, THREE)).refusal


def test_a_rise_after_a_person_ended_the_call_opens_a_round() -> None:
    play = started(policy=replace(THREE, level=Level.ORANGE))
    play.give(EndedByPerson("officer"))
    assert play.give(LevelChanged(Level.ORANGE, THREE)).refusal
    play.give(LevelChanged(Level.RED, THREE))
    assert play.is_in(CallState.CALLING)


@pytest.mark.parametrize(
    ("late", "asked", "finding"),
    [
        (timedelta(minutes=3), ["bo"], None),
        (timedelta(minutes=20), ["cy"], Finding.LATE),
        (timedelta(days=90), [], Finding.STALE),
    ],
)
def test_a_call_that_was_left_takes_one_step_if_it_is_late_and_none_if_it_is_old(
    late: timedelta, asked: list[str], finding: Finding | None
) -> None:
    play = started()
    play.now += timedelta(seconds=120)
    play.give(TimePassed(), late.total_seconds())

    assert [person for _, person, _ in play.sent[1:]] == asked
    assert finding is None or finding in play.findings
    play.give(TimePassed(), 1)
    assert [person for _, person, _ in play.sent[1:]] == asked


def test_a_stale_call_goes_on_when_its_warning_is_renewed() -> None:
    play = started()
    play.give(TimePassed(), timedelta(days=2).total_seconds())
    play.give(LevelChanged(Level.RED, THREE))
    assert play.sent[-1][1] == "bo"


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0, -1.0])
def test_a_jump_of_the_clock_neither_bursts_nor_skips(jump_s: float) -> None:
    play = started()
    play.wait(60)
    play.now += timedelta(seconds=jump_s)
    play.give(TimePassed())
    assert len(play.sent) <= 2
    play.wait(400)

    assert {person for _, person, _ in play.sent} >= {"ann", "cy"}
    assert len(play.sent) <= 4


def test_one_person_in_two_roles_is_called_once() -> None:
    play = Play(policy=policy(step("keeper", "deputy", needs=("keeper", "deputy")), step("leader")))
    play.roll |= dict([on("ann", "deputy")])
    play.give(TimePassed())

    assert [person for _, person, _ in play.sent] == ["ann"]


def test_the_officer_who_cannot_come_is_not_called_again() -> None:
    play = Play(roll=dict([on("dee", CITY_DUTY_OFFICER)]))
    play.give(TimePassed())
    play.give(Answered("dee", AnswerKind.CANNOT, 1))
    play.wait(1000)
    assert len(play.sent) == 1
