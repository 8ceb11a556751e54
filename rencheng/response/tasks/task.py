"""The state of a task."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.level import Level
from rencheng.response.signatures import Signature
from rencheng.response.tasks.plan import ProofKind, TaskPhase, TaskTemplate


class TaskState(StrEnum):
    """The state of a task. That it is overdue is computed from the time; it is no state."""

    OPEN = "open"
    """Nobody has taken it on."""
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    """The person is at the place."""
    CANNOT = "cannot"
    """It cannot be done, for a reason that a person gave."""
    DONE = "done"
    """Done with its evidence. Another person may check it, and must if it needs signatures."""
    CHECKED = "checked"
    """Checked by enough other people."""
    CANCELLED = "cancelled"
    """Over before it was begun."""


FINAL = frozenset({TaskState.CHECKED, TaskState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a place, during one warning.

    Attributes:
        level: the level of the warning, for messages.
        due_at: when it is to be done.
        next_due: when the next person is called; None: nobody is.
        asked: the people who were asked, in order.
        rung: the number of posts that were tried: the role, its deputy, the leader, the city's duty officer.
        person_id: who has taken it on.
        doers: those who reported something of it since it was last begun; they cannot check it.
        evidence: the kinds that were reported since it was last begun.
    """

    warning_id: str
    site_id: str
    region: str
    world: str
    level: Level
    template: TaskTemplate
    opened_at: datetime
    due_at: datetime
    next_due: datetime | None
    state: TaskState = TaskState.OPEN
    asked: tuple[str, ...] = ()
    rung: int = 0
    person_id: str | None = None
    doers: tuple[str, ...] = ()
    evidence: tuple[ProofKind, ...] = ()
    signatures: tuple[Signature, ...] = ()
    reason: str = ""

    @property
    def reopens(self) -> bool:
        """Whether the place may be used again once it is checked."""
        return self.template.phase is TaskPhase.AFTER and self.template.signatures > 0

    @property
    def missing_evidence(self) -> tuple[ProofKind, ...]:
        """The evidence that is still to be reported."""
        return tuple(kind for kind in self.template.evidence if kind not in self.evidence)

    def is_overdue(self, now: datetime) -> bool:
        """Return whether it should be done, and is not."""
        return now > self.due_at and self.state in {
            TaskState.OPEN,
            TaskState.ACCEPTED,
            TaskState.ON_SITE,
            TaskState.CANNOT,
        }
