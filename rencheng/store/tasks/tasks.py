"""Tasks: their state, and everything that happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_new

from rencheng.domain.reach import Reach
from rencheng.response.calls.stepping import Roll
from rencheng.response.tasks.inputs import TaskInput
from rencheng.response.tasks.intents import TaskAdvance, TaskIntent
from rencheng.response.tasks.task import Task, TaskState
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.task_tables import task_events, tasks

_TASK = TypeAdapter(Task)
_INPUT: TypeAdapter[TaskInput] = TypeAdapter(TaskInput)
_INTENTS: TypeAdapter[tuple[TaskIntent, ...]] = TypeAdapter(tuple[TaskIntent, ...])


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with its number, and the number of its events."""

    task_id: int
    task: Task
    events: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class TaskStep:
    """What happened to a task, for its record.

    Attributes:
        given: the input; None: it was opened.
        actor: who did it.
        via: the way: `api`, `link`, `command`, or `platform`.
    """

    given: TaskInput | None
    roll: Roll
    at: datetime
    result: TaskAdvance
    actor: str = "platform"
    via: str = "platform"


def add_tasks(connection: Connection, steps: Sequence[TaskStep]) -> list[TaskStep]:
    """Write new tasks of one warning. Return those that the warning has not had yet."""
    if not steps:
        return []
    rows = [
        _columns(task := step.result.task)
        | {
            "warning_id": task.warning_id,
            "template_id": task.template.template_id,
            "world": task.world,
            "region": task.region,
            "role": task.template.role,
            "events": 1,
        }
        for step in steps
    ]
    query = insert_new(tasks).values(rows).on_conflict_do_nothing().returning(tasks.c.template_id, tasks.c.task_id)
    numbers = {row.template_id: row.task_id for row in connection.execute(query)}
    added = [step for step in steps if step.result.task.template.template_id in numbers]
    events = [_event(numbers[step.result.task.template.template_id], 1, step) for step in added]
    if events:
        connection.execute(insert(task_events).values(events))
    return added


def record_task(connection: Connection, stored: StoredTask, step: TaskStep) -> StoredTask:
    """Write the new state of a locked task, and what happened."""
    number = stored.events + 1
    query = update(tasks).where(tasks.c.task_id == stored.task_id)
    values = _columns(step.result.task) | {"events": number, "changed_at": func.now()}
    connection.execute(query.values(values))
    connection.execute(insert(task_events).values(_event(stored.task_id, number, step)))
    return StoredTask(stored.task_id, step.result.task, number, stored.changed_at)


def _event(task_id: int, number: int, step: TaskStep) -> dict[str, object]:
    return {
        "task_id": task_id,
        "n": number,
        "at": step.at,
        "kind": "Opened" if step.given is None else type(step.given).__name__,
        "given": {} if step.given is None else _INPUT.dump_python(step.given, mode="json"),
        "roll": [
            [post.role, post.rank, one.duty.person_id, one.duty.reason, one.is_reachable]
            for post, one in step.roll.items()
        ],
        "intents": _INTENTS.dump_python(step.result.intents, mode="json"),
        "refusal": step.result.refusal,
        "actor": step.actor,
        "via": step.via,
    }


def _columns(task: Task) -> dict[str, object]:
    return {
        "state": task.state.value,
        "person_id": task.person_id,
        "due_at": task.due_at,
        "next_due": task.next_due,
        "document": _TASK.dump_python(task, mode="json"),
    }


def lock_task(connection: Connection, task_id: int) -> StoredTask | None:
    """Lock a task. Lock its incident before."""
    query = select(tasks).where(tasks.c.task_id == task_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def find_task(connection: Connection, task_id: int) -> StoredTask | None:
    """Return a task."""
    row = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).mappings().one_or_none()
    return None if row is None else _stored(row)


def tasks_of(connection: Connection, warning_id: str) -> list[StoredTask]:
    """Return the tasks of a warning, in the order in which they are due."""
    query = select(tasks).where(tasks.c.warning_id == warning_id).order_by(tasks.c.due_at, tasks.c.task_id)
    return [_stored(row) for row in connection.execute(query).mappings()]


def open_tasks_of(connection: Connection, warning_id: str) -> list[StoredTask]:
    """Return the tasks of a warning that are not over."""
    final = (TaskState.CHECKED.value, TaskState.CANCELLED.value)
    return [each for each in tasks_of(connection, warning_id) if each.task.state.value not in final]


def list_tasks(
    connection: Connection,
    *,
    reach: Reach,
    world: str | None,
    states: Sequence[TaskState],
    person_id: str | None = None,
    limit: int,
) -> list[StoredTask]:
    """Return tasks of some states, the one that is due first before the others."""
    query = select(tasks).where(within(reach, tasks.c.region, tasks.c.world))
    query = query.where(tasks.c.state.in_([state.value for state in states]))
    if world is not None:
        query = query.where(tasks.c.world == world)
    if person_id is not None:
        query = query.where(tasks.c.document["asked"].contains([person_id]) | (tasks.c.person_id == person_id))
    rows = connection.execute(query.order_by(tasks.c.due_at, tasks.c.task_id).limit(limit)).mappings()
    return [_stored(row) for row in rows]


def events_of_task(connection: Connection, task_id: int) -> list[Row]:
    """Return everything that happened to a task, in order."""
    query = select(task_events).where(task_events.c.task_id == task_id).order_by(task_events.c.n)
    return list(connection.execute(query).mappings())


def has_tasks(connection: Connection, warning_id: str) -> bool:
    """Return whether a warning has tasks."""
    query = select(exists().where(tasks.c.warning_id == warning_id))
    return bool(connection.execute(query).scalar())


def _stored(row: Row) -> StoredTask:
    return StoredTask(row["task_id"], _TASK.validate_python(row["document"]), row["events"], row["changed_at"])
