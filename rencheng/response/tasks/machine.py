"""The state machine of a task: a table of (state, input), and one function that applies it.

Everything is passed in: the task, the input, who is on duty, and the time. The same arguments give the same result.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.response.calls.inputs import TimePassed
from rencheng.response.calls.stepping import Roll
from rencheng.response.signatures import counted
from rencheng.response.tasks.escalation import ask_next, escalate
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
from rencheng.response.tasks.intents import TaskAdvance, TaskCancelled
from rencheng.response.tasks.plan import ProofKind, TaskPhase, TaskTemplate
from rencheng.response.tasks.task import Task, TaskState


def open_task(
    warning_id: str, site: Site, level: Level, template: TaskTemplate, begins_at: datetime, roll: Roll, now: datetime
) -> TaskAdvance:
    """Open a task, and ask who is on duty for it.

    Args:
        warning_id: the warning.
        site: the place.
        level: the level of the warning.
        template: the task of the plan.
        begins_at: when the level was issued, or the all-clear.
        roll: who is on duty now for each post.
        now: the time of the world.
    """
    due_at = begins_at + timedelta(seconds=template.due_s)
    task = Task(warning_id, site.site_id, site.region, site.world, level, template, now, due_at, next_due=None)
    return ask_next(task, roll, now)


def advance_task(task: Task, given: TaskInput, roll: Roll, now: datetime) -> TaskAdvance:
    """Apply an input to a task.

    Args:
        task: the task.
        given: what happened.
        roll: who is on duty now for each post.
        now: the time of the world.
    """
    handle = TASK_TABLE[task.state][type(given)]
    return TaskAdvance(task, refusal=handle) if isinstance(handle, str) else handle(task, given, roll, now)


# The person who does it


def _accept(task: Task, given: TaskAccepted, _roll: Roll, now: datetime) -> TaskAdvance:
    if task.person_id not in {None, given.person_id}:
        return TaskAdvance(task, refusal=f"{task.person_id} has taken it on; it must be given back first")
    state = TaskState.ACCEPTED if task.state is TaskState.OPEN else task.state
    return TaskAdvance(_held(task, given.person_id, state, now))


def _arrive(task: Task, given: Arrived, _roll: Roll, now: datetime) -> TaskAdvance:
    if task.person_id not in {None, given.person_id}:
        return TaskAdvance(task, refusal=f"{task.person_id} has taken it on; it must be given back first")
    return TaskAdvance(_held(task, given.person_id, TaskState.ON_SITE, now))


def _held(task: Task, person_id: str, state: TaskState, now: datetime) -> Task:
    """Return the task with its person. Nobody else is asked until it is overdue."""
    next_due = task.due_at if now < task.due_at else task.next_due
    return replace(task, state=state, person_id=person_id, next_due=next_due, reason="")


def _give_back(task: Task, given: GivenBack, roll: Roll, now: datetime) -> TaskAdvance:
    if task.person_id is None and given.person_id not in task.asked:
        return TaskAdvance(task, refusal=f"{given.person_id} was not asked, and has not taken it on")
    if task.person_id not in {None, given.person_id}:
        return TaskAdvance(task, refusal=f"{task.person_id} has taken it on, not {given.person_id}")
    return ask_next(replace(task, state=TaskState.OPEN, person_id=None, reason=given.reason), roll, now)


def _block(task: Task, given: Blocked, roll: Roll, now: datetime) -> TaskAdvance:
    return escalate(replace(task, state=TaskState.CANNOT, person_id=None, reason=given.reason), roll, now)


def _unblock(task: Task, _given: Unblocked, roll: Roll, now: datetime) -> TaskAdvance:
    return ask_next(_begun_again(task, ""), roll, now)


def _add_evidence(task: Task, given: EvidenceAdded, _roll: Roll, _now: datetime) -> TaskAdvance:
    if given.kind is ProofKind.HIDDEN_DANGER:
        return TaskAdvance(task)
    evidence = tuple(dict.fromkeys((*task.evidence, given.kind)))
    return TaskAdvance(replace(_with_doers(task, given), evidence=evidence, signatures=()))


def _finish(task: Task, given: Finished, _roll: Roll, _now: datetime) -> TaskAdvance:
    if missing := task.missing_evidence:
        return TaskAdvance(task, refusal=f"its evidence is not whole: {', '.join(missing)} is missing")
    done = replace(_with_doers(task, given), state=TaskState.DONE, person_id=given.person_id, reason="")
    return TaskAdvance(replace(done, signatures=(), next_due=None), (TaskCancelled(is_over=False),))


def _with_doers(task: Task, given: EvidenceAdded | Finished) -> Task:
    names = [given.person_id, *([given.recorder_id] if given.recorder_id else [])]
    return replace(task, doers=tuple(dict.fromkeys((*task.doers, *names))))


# Those who check it


def _pass_check(task: Task, given: CheckPassed, _roll: Roll, _now: datetime) -> TaskAdvance:
    signature, template = given.signature, task.template
    if signature.person_id in task.doers:
        return TaskAdvance(task, refusal=f"{signature.person_id} did it; another person must check it")
    if any(each.person_id == signature.person_id for each in task.signatures):
        return TaskAdvance(task, refusal=f"{signature.person_id} has signed; another person must sign as well")
    if template.signer_roles and not set(template.signer_roles) & set(signature.roles):
        return TaskAdvance(task, refusal=f"{signature.person_id} has none of the roles {_list(template.signer_roles)}")
    signatures = (*task.signatures, signature)
    is_enough = len(counted(signatures, task.doers)) >= max(1, template.signatures)
    state = TaskState.CHECKED if is_enough else TaskState.DONE
    return TaskAdvance(replace(task, signatures=signatures, state=state))


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _fail_check(task: Task, given: CheckFailed, roll: Roll, now: datetime) -> TaskAdvance:
    if given.person_id in task.doers:
        return TaskAdvance(task, refusal=f"{given.person_id} did it; another person must check it")
    due_at = now + timedelta(seconds=task.template.due_s)
    again = replace(_begun_again(task, given.reason), doers=(), evidence=(), signatures=(), due_at=due_at)
    return ask_next(again, roll, now)


def _begun_again(task: Task, reason: str) -> Task:
    """Return the task as nobody's; everybody is asked again."""
    return replace(task, state=TaskState.OPEN, person_id=None, asked=(), rung=0, reason=reason)


# The clock and the warning


def _pass_time(task: Task, _given: TimePassed, roll: Roll, now: datetime) -> TaskAdvance:
    if task.next_due is None or now < task.next_due:
        return TaskAdvance(task)
    return ask_next(task, roll, now) if task.person_id is None else escalate(task, roll, now)


def _clear(task: Task, _given: AllCleared, _roll: Roll, _now: datetime) -> TaskAdvance:
    """Cancel what was not begun. What a person does at the place is finished without being urged."""
    if task.template.phase is TaskPhase.AFTER:
        return TaskAdvance(task)
    if task.state is TaskState.ON_SITE:
        return TaskAdvance(replace(task, next_due=None))
    return _cancel(task, "the warning ended")


def _warn_again(task: Task, _given: WarnedAgain, _roll: Roll, _now: datetime) -> TaskAdvance:
    if task.template.phase is not TaskPhase.AFTER:
        return TaskAdvance(task)
    return _cancel(task, "a new warning began")


def _cancel(task: Task, reason: str) -> TaskAdvance:
    cancelled = replace(task, state=TaskState.CANCELLED, next_due=None, reason=reason)
    return TaskAdvance(cancelled, (TaskCancelled(is_over=True),))


def _ignore(task: Task, _given: TaskInput, _roll: Roll, _now: datetime) -> TaskAdvance:
    return TaskAdvance(task)


TaskHandler = Callable[[Task, Any, Roll, datetime], TaskAdvance] | str
"""A function that applies an input, or the reason for which it changes nothing."""

NOT_DONE = "it is not done yet"
DONE = "it is done already"
OVER = "it is over"

_RUNNING: Mapping[type[Any], TaskHandler] = {
    TimePassed: _pass_time,
    TaskAccepted: _accept,
    Arrived: _arrive,
    GivenBack: _give_back,
    Blocked: _block,
    Unblocked: "nothing blocks it",
    EvidenceAdded: _add_evidence,
    Finished: _finish,
    CheckPassed: NOT_DONE,
    CheckFailed: NOT_DONE,
    AllCleared: _clear,
    WarnedAgain: _warn_again,
}

TASK_TABLE: Mapping[TaskState, Mapping[type[Any], TaskHandler]] = {
    TaskState.OPEN: _RUNNING,
    TaskState.ACCEPTED: _RUNNING,
    TaskState.ON_SITE: _RUNNING,
    TaskState.CANNOT: {
        **_RUNNING,
        TaskAccepted: "it cannot be done; report first that it can",
        Arrived: "it cannot be done; report first that it can",
        GivenBack: "nobody has taken it on",
        Blocked: "it is blocked already",
        Unblocked: _unblock,
    },
    TaskState.DONE: {
        **dict.fromkeys(_RUNNING, DONE),
        TimePassed: _ignore,
        EvidenceAdded: _add_evidence,
        CheckPassed: _pass_check,
        CheckFailed: _fail_check,
        AllCleared: _ignore,
        WarnedAgain: _warn_again,
    },
    TaskState.CHECKED: {
        **dict.fromkeys(_RUNNING, OVER),
        TimePassed: _ignore,
        AllCleared: _ignore,
        WarnedAgain: _ignore,
    },
    TaskState.CANCELLED: {
        **dict.fromkeys(_RUNNING, OVER),
        TimePassed: _ignore,
        AllCleared: _ignore,
        WarnedAgain: _ignore,
    },
}
"""What each state does with each input."""
