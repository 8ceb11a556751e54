"""The state of a call, and of the people who are called."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.calls.policy import CallPolicy
from rencheng.response.calls.roster import DutyReason


class CallState(StrEnum):
    """The state of a call."""

    CALLING = "calling"
    """People are being called; the next step has a time."""
    ANSWERED = "answered"
    """Enough people answered. The answer holds for a time, or as long as somebody is on site."""
    EXHAUSTED = "exhausted"
    """Nobody answered. The city's duty officer is called again and again. This is no end."""
    PAUSED = "paused"
    """A silence suppresses the level. Its end resumes the call with the time that remained."""
    STALE = "stale"
    """The call was found a day late. Nobody is called until the warning is renewed or a person acts."""
    ENDED = "ended"
    """The warning ended, or a person ended the call."""


class AnswerKind(StrEnum):
    """What a person answers."""

    RECEIVED = "received"
    """收到: read. At orange and red this stops nothing."""
    ACCEPTED = "accepted"
    """接受: takes it on."""
    ON_SITE = "on_site"
    """到岗: is at the place."""
    CANNOT = "cannot"
    """无法到岗: somebody else is needed now."""


class PersonState(IntEnum):
    """What is known of a person who was called, in this round. A higher answer is never replaced by a lower one."""

    FAILED = -2
    """Has no proven contact method, or no message could be sent."""
    OUT = -1
    """Cannot come, withdrew, or did not renew the answer."""
    WAITING = 0
    RECEIVED = 1
    ACCEPTED = 2
    ON_SITE = 3

    @property
    def is_positive(self) -> bool:
        """Whether the person answered and takes part."""
        return self > PersonState.WAITING

    @property
    def is_lost(self) -> bool:
        """Whether no answer can be expected."""
        return self < PersonState.WAITING


@dataclass(frozen=True, slots=True)
class CalledPerson:
    """A person of a call, in one round.

    Attributes:
        roles: the roles in which the person was called; one person is called once for all of them.
        step: the number of the step that called the person first.
        reason: why the person was on duty.
        asks: how often the person was asked.
    """

    person_id: str
    roles: tuple[str, ...]
    step: int
    reason: DutyReason
    state: PersonState = PersonState.WAITING
    asks: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A call for one warning. A rise of the level opens a new round of it.

    Attributes:
        level: the highest level that was called for: the level that the answers of this round saw.
        now_level: the present level of the warning.
        policy: the policy of the round, as it was when the round began.
        step: the number of steps that were tried in this round.
        wait_s: the wait that leads to `next_due`, seconds.
        next_due: when the call goes on by itself; None: it does not.
        resumes_as: of a paused call, the state in which it resumes; `wait_s` then has the time that remained.
        was_asked: whether those who answered were asked once more, because nothing happened since.
        earlier: the people of earlier rounds.
        ended_by: `closed`, or the name of the person who ended it.
    """

    warning_id: str
    site_id: str
    site_type: SiteType
    region: str
    world: str
    level: Level
    now_level: Level
    policy: CallPolicy
    opened_at: datetime
    round: int = 1
    state: CallState = CallState.CALLING
    step: int = 0
    wait_s: float = 0.0
    next_due: datetime | None = None
    resumes_as: CallState | None = None
    was_asked: bool = False
    targets: tuple[CalledPerson, ...] = ()
    earlier: tuple[str, ...] = ()
    ended_by: str = ""

    def target(self, person_id: str) -> CalledPerson | None:
        """Return a person of this round."""
        return next((each for each in self.targets if each.person_id == person_id), None)
