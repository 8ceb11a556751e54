"""Who is called in place of a person who cannot come, cannot be reached, or is missing."""

from dataclasses import replace

import pytest

from rencheng.response.calls.call import AnswerKind, CallState
from rencheng.response.calls.inputs import Answered, ContactFailed
from rencheng.response.calls.intents import Candidate
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from rencheng.response.calls.roster import Duty, DutyReason
from tests.response.calls.plays import ROLL, policy, step
from tests.response.calls.test_machine import accepted, started


def deputies(*people: str | None, role: str = "keeper") -> dict[Post, Candidate]:
    """Return who is on duty for a role, by rank."""
    return {
        Post(role, rank): Candidate(
            Post(role, rank), Duty(rank, person, DutyReason.SHIFT if person else DutyReason.GAP), person != "dead"
        )
        for rank, person in enumerate(people, start=1)
    }


def test_a_person_who_cannot_come_is_replaced_by_the_deputy_at_once_while_others_are_awaited() -> None:
    roll = deputies("ann", "bo", "cy") | deputies("pat", role="police")
    play = started(policy=policy(step("keeper", "police", wait_s=300.0), step("leader")), roll=roll)
    play.give(Answered("ann", AnswerKind.CANNOT, 1), 5)
    play.give(ContactFailed("bo", 1), 5)
    play.give(Answered("ann", AnswerKind.CANNOT, 1), 5)

    assert play.sent == [(0.0, "ann", "first"), (0.0, "pat", "first"), (5.0, "bo", "first"), (10.0, "cy", "first")]
    assert play.call.step == 1


@pytest.mark.parametrize("first", [None, "dead"])
def test_a_post_without_anybody_is_the_deputy_s_at_once(first: str | None) -> None:
    roll = deputies(first, "bo") | deputies("pat", role="police")
    play = started(policy=policy(step("keeper", "police"), step("leader")), roll=roll)
    assert play.sent == [(0.0, "bo", "first"), (0.0, "pat", "first")]


def test_a_person_who_was_not_called_replaces_nobody() -> None:
    play = started(policy=policy(step("keeper"), step("leader")), roll=deputies("ann") | deputies("cy", role="leader"))
    play.give(Answered("cy", AnswerKind.CANNOT, 1, ("leader",)), 5)
    assert play.sent == [(0.0, "ann", "first")]


def test_the_one_who_leaves_is_called_too_until_the_handover_is_accepted() -> None:
    roll = dict(ROLL)
    roll[Post("keeper")] = replace(roll[Post("keeper")], leaving="lee")
    play = started(roll=roll)
    assert play.sent == [(0.0, "ann", "first"), (0.0, "lee", "first")]
    play.give(accepted("lee"))
    assert play.is_in(CallState.ANSWERED)


def test_officers_are_called_in_turn_and_one_who_cannot_costs_no_wait() -> None:
    play = started(policy=policy(step("keeper")), roll=deputies("dee", "eve", role=CITY_DUTY_OFFICER))
    play.wait(620)
    assert [person for _, person, _ in play.sent] == ["dee", "eve", "dee"]
    play.give(Answered("dee", AnswerKind.CANNOT, 1))
    assert play.sent[-1][1] == "eve"
