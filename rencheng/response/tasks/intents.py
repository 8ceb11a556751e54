"""The intents of a task: what follows from an input. The sender and the store carry them out."""

from dataclasses import dataclass
from enum import StrEnum

from rencheng.response.calls.intents import Announce
from rencheng.response.tasks.task import Task


class TaskAskKind(StrEnum):
    """Why a person is sent a task."""

    NEW = "new"
    OVERDUE = "overdue"
    """It is late, or cannot be done."""


@dataclass(frozen=True, slots=True)
class TaskAsk:
    """An intent: send the task to a person.

    Attributes:
        role: the role in which the person is asked.
    """

    person_id: str
    role: str
    kind: TaskAskKind


@dataclass(frozen=True, slots=True)
class TaskCancelled:
    """An intent: nobody else is asked.

    Attributes:
        is_over: whether those who were asked are to know that nothing needs to be done any more.
    """

    is_over: bool


TaskIntent = TaskAsk | TaskCancelled | Announce


@dataclass(frozen=True, slots=True)
class TaskAdvance:
    """The result of an input.

    Attributes:
        refusal: why the input changes nothing; empty if it was taken.
    """

    task: Task
    intents: tuple[TaskIntent, ...] = ()
    refusal: str = ""
