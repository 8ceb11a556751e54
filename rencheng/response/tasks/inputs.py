"""The inputs of a task: everything that can happen to it."""

from dataclasses import dataclass

from rencheng.response.calls.inputs import TimePassed
from rencheng.response.signatures import Signature
from rencheng.response.tasks.plan import ProofKind


@dataclass(frozen=True, slots=True)
class TaskAccepted:
    """A person takes the task on."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """The person is at the place."""

    person_id: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The person cannot do it; somebody else is needed now."""

    person_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nobody can do it for now, such as a barrier that is broken."""

    person_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unblocked:
    """It can be done again."""

    person_id: str


@dataclass(frozen=True, slots=True)
class EvidenceAdded:
    """A photo, a depth, a note or a call of the task.

    Attributes:
        recorder_id: the person who reported it for the other one.
    """

    person_id: str
    kind: ProofKind
    recorder_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The person reports it as done.

    Attributes:
        recorder_id: the person who reported it for the other one.
    """

    person_id: str
    recorder_id: str | None = None


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """Another person signs that it was done well."""

    signature: Signature


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """Another person found that it was not done well. It begins again."""

    person_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AllCleared:
    """The end of the warning."""


@dataclass(frozen=True, slots=True)
class WarnedAgain:
    """A new warning of the place, before the place was reopened after the last one."""


TaskInput = (
    TimePassed
    | TaskAccepted
    | Arrived
    | GivenBack
    | Blocked
    | Unblocked
    | EvidenceAdded
    | Finished
    | CheckPassed
    | CheckFailed
    | AllCleared
    | WarnedAgain
)
"""Everything that can happen to a task."""
