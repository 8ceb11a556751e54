"""The intents of a call: what follows from an input. Senders and the store carry them out."""

from dataclasses import dataclass
from enum import StrEnum

from rencheng.response.calls.call import Call
from rencheng.response.calls.policy import ChannelUse, Post
from rencheng.response.calls.roster import Duty


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who is on duty for a post now.

    Attributes:
        is_reachable: whether the person is active and has a proven contact method.
        leaving: who has the post as well, until the handover is accepted, and can be reached; None without one.
    """

    post: Post
    duty: Duty
    is_reachable: bool = True
    leaving: str | None = None


class AskKind(StrEnum):
    """Why a person is sent a message."""

    FIRST = "first"
    AGAIN = "again"
    """Of the city's duty officer, who is called until somebody answers."""
    RENEW = "renew"
    """Of a person who answered, because nothing happened since."""
    ENDED = "ended"
    """The call is over. Nothing is asked."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An intent: send a message to a person.

    Attributes:
        role: the role in which the person is called.
        ask: the number of the ask in this round, from 1.
        channels: the kinds of contact methods; empty: all that the person has.
        late_s: how late the step is, seconds; 0 if it is in time.
    """

    person_id: str
    role: str
    kind: AskKind
    round: int
    ask: int
    channels: tuple[ChannelUse, ...] = ()
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CancelAsks:
    """An intent: send nothing more of what is due to a person for this call; None: to nobody."""

    person_id: str | None


class Finding(StrEnum):
    """What operators must know about a call."""

    NOBODY_ON_DUTY = "nobody_on_duty"
    NO_CONTACT = "no_contact"
    """The person on duty has no proven contact method."""
    LATE = "late"
    """A step was found late, after an outage."""
    CLOCK_WENT_BACK = "clock_went_back"
    SKIPPED = "skipped"
    """The step was passed over, because its time was over when the call was found late."""
    STALE = "stale"
    STEP_LOST = "step_lost"
    """No answer can be expected of anybody in the step, so the next one began at once."""
    ANSWERED = "answered"
    NOT_RENEWED = "not_renewed"
    EXHAUSTED = "exhausted"
    RISEN = "risen"


@dataclass(frozen=True, slots=True)
class Announce:
    """An intent: record a finding, and show it to the operators."""

    finding: Finding
    detail: str = ""


CallIntent = Ask | CancelAsks | Announce


@dataclass(frozen=True, slots=True)
class Advance:
    """The result of an input.

    Attributes:
        refusal: why the input changes nothing; empty if it was taken.
    """

    call: Call
    intents: tuple[CallIntent, ...] = ()
    refusal: str = ""
