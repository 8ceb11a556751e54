"""The inputs of a call: everything that can happen to it."""

from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.response.calls.call import AnswerKind
from rencheng.response.calls.policy import CallPolicy


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A look at the clock."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a person.

    Attributes:
        round: the round that the person answers.
        roles: the roles that the person has anyway, for one who was not called.
    """

    person_id: str
    kind: AnswerKind
    round: int
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerWithdrawn:
    """The end of an answer, by the person or by an operator."""

    person_id: str


@dataclass(frozen=True, slots=True)
class ContactFailed:
    """No message could be sent to a person by any method."""

    person_id: str
    round: int


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """A message of the warning: a new level, or the same level again.

    Attributes:
        policy: the policy of this level; None: it calls nobody.
        is_muted: whether a silence suppresses this level.
    """

    level: Level
    policy: CallPolicy | None
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class WarningClosed:
    """The end of the warning."""


@dataclass(frozen=True, slots=True)
class EndedByPerson:
    """The end of the call by a person, who gave a reason."""

    by: str


@dataclass(frozen=True, slots=True)
class SilenceBegan:
    """The beginning of a silence of the call's level."""


@dataclass(frozen=True, slots=True)
class SilenceEnded:
    """The end of a silence."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """Progress at the place, such as a task that moved."""


@dataclass(frozen=True, slots=True)
class PersonAdded:
    """An operator's request to call one more person."""

    person_id: str
    role: str
    is_reachable: bool = True


CallInput = (
    TimePassed
    | Answered
    | AnswerWithdrawn
    | ContactFailed
    | LevelChanged
    | WarningClosed
    | EndedByPerson
    | SilenceBegan
    | SilenceEnded
    | Progressed
    | PersonAdded
)
"""Everything that can happen to a call."""
