"""The state machine of a task: every pair is defined, nobody is left unasked, and two people sign."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.response.calls.inputs import TimePassed
from rencheng.response.calls.intents import Candidate
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from rencheng.response.calls.roster import Duty, DutyReason
from rencheng.response.signatures import Signature, counted
from rencheng.response.tasks.inputs import (
    AllCleared,
    Arrived,
    Blocked,
    CheckFailed,
    CheckPassed,
    EvidenceAdded,
    Finished,
    GivenBack,
    TaskAccepted,
    TaskInput,
    Unblocked,
    WarnedAgain,
)
from rencheng.response.tasks.intents import TaskAdvance, TaskAsk, TaskAskKind
from rencheng.response.tasks.machine import TASK_TABLE, advance_task, open_task
from rencheng.response.tasks.plan import ProofKind, TaskPhase, TaskTemplate
from rencheng.response.tasks.task import FINAL, Task, TaskState

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
SITE = Site("u", "下穿", "U", SiteType.UNDERPASS, "370102", 36.6, 117.1, default_profile(SiteType.UNDERPASS))
CLOSE = TaskTemplate("close", "封闭", "Close", "police", Level.ORANGE, 600, evidence=(ProofKind.PHOTO,), closes=True)
REOPEN = TaskTemplate(
    "reopen", "开放", "Reopen", "keeper", Level.ORANGE, 600, TaskPhase.AFTER, (ProofKind.PHOTO,), signatures=2
)
PEOPLE = ("ann", "bo", "cy", "dee", "eve")
POSTS = {"police": "ann", "police2": "bo", "keeper": "ann", "keeper2": "bo", "leader": "cy", CITY_DUTY_OFFICER: "dee"}


def roll(**people: str | None) -> dict[Post, Candidate]:
    found = {}
    for name, person in (dict(POSTS) | people).items():
        post = Post(name.rstrip("2"), 2 if name.endswith("2") else 1)
        reason = DutyReason.SHIFT if person else DutyReason.GAP
        found[post] = Candidate(post, Duty(post.rank, person, reason))
    return found


def opened(template: TaskTemplate = CLOSE, **people: str | None) -> TaskAdvance:
    return open_task("w", SITE, Level.ORANGE, template, NOW, roll(**people), NOW)


def asked(result: TaskAdvance) -> list[tuple[str, str]]:
    return [(one.person_id, one.kind) for one in result.intents if isinstance(one, TaskAsk)]


def passes(task: Task, after_s: float, **people: str | None) -> TaskAdvance:
    return advance_task(task, TimePassed(), roll(**people), NOW + timedelta(seconds=after_s))


def test_every_state_has_an_answer_to_every_input_and_only_final_states_cannot_be_left() -> None:
    assert {(state, kind) for state, row in TASK_TABLE.items() for kind in row} == {
        (state, kind) for state in TaskState for kind in get_args(TaskInput)
    }
    left = {state for state, row in TASK_TABLE.items() if any(not isinstance(one, str) for one in row.values())}
    assert left == set(TaskState)  # inputs that change nothing are taken, too


def test_nobody_accepts_so_the_deputy_then_the_leader_then_the_citys_officer_again_and_again() -> None:
    first = opened()
    assert asked(first) == [("ann", TaskAskKind.NEW)]
    deputy = passes(first.task, 300)
    assert asked(deputy) == [("bo", TaskAskKind.NEW)]
    leader = passes(deputy.task, 450)
    assert asked(leader) == [("cy", TaskAskKind.OVERDUE)]
    officer = passes(leader.task, 750)
    assert asked(officer) == [("dee", TaskAskKind.OVERDUE)]
    again = passes(officer.task, 1050)
    assert asked(again) == [("dee", TaskAskKind.OVERDUE)]


def test_who_accepted_in_time_is_left_alone_until_it_is_overdue_and_then_the_leader_is_asked() -> None:
    task = advance_task(opened().task, TaskAccepted("ann"), roll(), NOW).task
    assert passes(task, 599).intents == ()
    assert asked(passes(task, 600)) == [("cy", TaskAskKind.OVERDUE)]


def test_a_post_without_anybody_costs_no_time() -> None:
    assert asked(opened(police=None, police2=None)) == [("cy", TaskAskKind.OVERDUE)]
    nobody = opened(police=None, police2=None, leader=None, city_duty_officer=None)
    assert asked(nobody) == []
    assert nobody.task.next_due is not None
    assert asked(passes(nobody.task, 300)) == [("dee", TaskAskKind.OVERDUE)]


def test_giving_it_back_asks_the_deputy_at_once_and_a_block_the_leader() -> None:
    task = advance_task(opened().task, TaskAccepted("ann"), roll(), NOW).task
    back = advance_task(task, GivenBack("ann", "ill"), roll(), NOW)
    assert asked(back) == [("bo", TaskAskKind.NEW)]
    blocked = advance_task(task, Blocked("ann", "the barrier is broken"), roll(), NOW)
    assert (blocked.task.state, asked(blocked)) == (TaskState.CANNOT, [("cy", TaskAskKind.OVERDUE)])
    assert advance_task(task, GivenBack("eve", "x"), roll(), NOW).refusal


def test_it_is_not_done_without_its_evidence_and_not_checked_by_who_did_it() -> None:
    task = advance_task(opened().task, Arrived("ann"), roll(), NOW).task
    assert "photo" in advance_task(task, Finished("ann"), roll(), NOW).refusal
    task = advance_task(task, EvidenceAdded("ann", ProofKind.PHOTO), roll(), NOW).task
    task = advance_task(task, Finished("ann"), roll(), NOW).task
    assert task.state is TaskState.DONE
    assert advance_task(task, CheckPassed(Signature("ann", NOW)), roll(), NOW).refusal
    again = advance_task(task, CheckFailed("bo", "the barrier stands open"), roll(), NOW)
    assert (again.task.state, again.task.evidence, asked(again)) == (TaskState.OPEN, (), [("ann", TaskAskKind.NEW)])
    assert advance_task(task, CheckPassed(Signature("bo", NOW)), roll(), NOW).task.state is TaskState.CHECKED


def test_the_all_clear_cancels_what_was_not_begun_and_leaves_reopening() -> None:
    accepted = advance_task(opened().task, TaskAccepted("ann"), roll(), NOW).task
    on_site = advance_task(opened().task, Arrived("ann"), roll(), NOW).task
    assert advance_task(accepted, AllCleared(), roll(), NOW).task.state is TaskState.CANCELLED
    assert advance_task(on_site, AllCleared(), roll(), NOW).task.state is TaskState.ON_SITE
    reopening = opened(REOPEN).task
    assert advance_task(reopening, AllCleared(), roll(), NOW).task == reopening
    assert advance_task(reopening, WarnedAgain(), roll(), NOW).task.state is TaskState.CANCELLED


people = st.sampled_from(PEOPLE)
inputs: st.SearchStrategy[TaskInput] = st.one_of(
    st.just(TimePassed()),
    st.builds(TaskAccepted, people),
    st.builds(Arrived, people),
    st.builds(GivenBack, people, st.just("x")),
    st.builds(Blocked, people, st.just("x")),
    st.builds(Unblocked, people),
    st.builds(EvidenceAdded, people, st.sampled_from([ProofKind.PHOTO, ProofKind.NOTE]), st.none() | people),
    st.builds(Finished, people, st.none() | people),
    st.builds(CheckPassed, st.builds(Signature, people, st.just(NOW))),
    st.builds(CheckPassed, st.builds(Signature, people, st.just(NOW))),
    st.builds(CheckFailed, people, st.just("x")),
)
ends = st.sampled_from([AllCleared(), WarnedAgain()])
FORM = TypeAdapter(Task)


@given(st.lists(inputs, max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_place_is_reopened_only_by_two_others_who_signed_after_the_last_change(moves: list[TaskInput]) -> None:
    task = opened(REOPEN).task
    did: set[str] = set()
    signed: set[str] = set()
    now = NOW
    for move in moves:
        now += timedelta(seconds=60)
        before = task
        result = advance_task(FORM.validate_json(FORM.dump_json(task)), move, roll(), now)
        task = result.task
        if result.refusal:
            assert task == before
            continue
        if isinstance(move, EvidenceAdded | Finished):
            did |= {move.person_id, *([move.recorder_id] if move.recorder_id else [])}
            signed = set()
        elif isinstance(move, CheckFailed):
            did, signed = set(), set()
        elif isinstance(move, CheckPassed):
            signed.add(move.signature.person_id)
        if task.state is TaskState.CHECKED:
            assert len(signed - did) >= 2
            assert len(counted(task.signatures, task.doers)) >= 2


@given(st.lists(inputs | ends, max_size=30), st.sampled_from([CLOSE, REOPEN]))
@settings(max_examples=200, deadline=None)
def test_what_is_not_over_waits_for_a_person_or_for_a_time(moves: list[TaskInput], template: TaskTemplate) -> None:
    task, now = opened(template).task, NOW
    for move in moves:
        now += timedelta(seconds=60)
        task = advance_task(task, move, roll(), now).task
        if task.state in {TaskState.OPEN, TaskState.ACCEPTED, TaskState.CANNOT}:
            assert task.next_due is not None
        elif task.state in FINAL | {TaskState.DONE}:
            assert task.next_due is None


@given(st.lists(inputs, max_size=20))
@settings(max_examples=100, deadline=None)
def test_one_look_at_the_clock_asks_one_post_at_most(moves: list[TaskInput]) -> None:
    task, now = opened().task, NOW
    for move in moves:
        now += timedelta(seconds=60)
        task = advance_task(task, move, roll(), now).task
    late = advance_task(replace(task), TimePassed(), roll(), now + timedelta(days=1))
    assert len(asked(late)) <= 1
