"""Who is asked for a task, and when the next one: the role, its deputy (B 岗), the leader, the city's duty officer."""

from dataclasses import replace
from datetime import datetime, timedelta

from rencheng.response.calls.intents import Announce, Finding
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from rencheng.response.calls.stepping import OFFICER_EVERY_S, Roll
from rencheng.response.tasks.intents import TaskAdvance, TaskAsk, TaskAskKind, TaskIntent
from rencheng.response.tasks.plan import TaskTemplate
from rencheng.response.tasks.task import Task

OWN_RUNGS = 2
"""The role and its deputy. Those above them are asked only if the task is late or cannot be done."""


def posts_of(template: TaskTemplate) -> tuple[Post, ...]:
    """Return the posts that are tried for a task, in order. The last one is tried again and again."""
    return Post(template.role), Post(template.role, 2), Post("leader"), Post(CITY_DUTY_OFFICER)


def ask_next(task: Task, roll: Roll, now: datetime) -> TaskAdvance:
    """Ask the next one of the role and its deputy; if there is none, go on above them. An empty post costs no time."""
    found: list[TaskIntent] = []
    while task.rung < OWN_RUNGS:
        task, intents = _try(task, roll, TaskAskKind.NEW)
        found += intents
        if any(isinstance(one, TaskAsk) for one in intents):
            return TaskAdvance(with_accept_time(task, now), tuple(found))
    result = escalate(task, roll, now)
    return TaskAdvance(result.task, (*found, *result.intents))


def escalate(task: Task, roll: Roll, now: datetime) -> TaskAdvance:
    """Ask the leader, then the city's duty officer, who is asked again until the task moves."""
    task = replace(task, rung=max(task.rung, OWN_RUNGS))
    last = len(posts_of(task.template)) - 1
    found: list[TaskIntent] = []
    while True:
        is_last = task.rung >= last
        task, intents = _try(replace(task, rung=min(task.rung, last)), roll, TaskAskKind.OVERDUE)
        found += intents
        if is_last or any(isinstance(one, TaskAsk) for one in intents):
            next_due = now + timedelta(seconds=OFFICER_EVERY_S)
            return TaskAdvance(replace(task, next_due=next_due), tuple(found))


def with_accept_time(task: Task, now: datetime) -> Task:
    """Return the task with the time at which the next one is asked: after half of what remains until it is due."""
    left_s = max(0.0, (task.due_at - now).total_seconds())
    return replace(task, next_due=now + timedelta(seconds=left_s / 2 or OFFICER_EVERY_S))


def _try(task: Task, roll: Roll, kind: TaskAskKind) -> tuple[Task, list[TaskIntent]]:
    """Ask the person of the next post, unless the person was asked as new before."""
    post = posts_of(task.template)[task.rung]
    tried = replace(task, rung=task.rung + 1)
    candidate = roll.get(post)
    person = candidate.duty.person_id if candidate else None
    if candidate is None or person is None:
        return tried, [Announce(Finding.NOBODY_ON_DUTY, f"{post.role} {post.rank}")]
    if not candidate.is_reachable:
        return tried, [Announce(Finding.NO_CONTACT, person)]
    if person in task.asked and kind is TaskAskKind.NEW:
        return tried, []
    asked = tuple(dict.fromkeys((*task.asked, person)))
    return replace(tried, asked=asked), [TaskAsk(person, post.role, kind)]
