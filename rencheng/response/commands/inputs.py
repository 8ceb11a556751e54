"""The inputs of a command: everything that can happen to it; and what follows from them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.response.commands.command import Command
from rencheng.response.signatures import Signature


class ReplyOutcome(StrEnum):
    """What a device answers to a command."""

    ACCEPTED = "accepted"
    """It is being carried out, or the state is as wanted already; the device reports its state again."""
    SCHEDULED = "scheduled"
    """OCPP: it will be carried out at the end of the running transaction."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Signed:
    """The approval of a person."""

    signature: Signature


@dataclass(frozen=True, slots=True)
class RefusedByPerson:
    """The refusal of a person. One is enough."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawnByRequester:
    """The end of the request, by the one who asked or because its warning ended."""

    by: str


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A change of the device's configuration. Signatures before it do not count."""

    version: int


@dataclass(frozen=True, slots=True)
class NewerApproved:
    """The approval of another command for the same thing."""

    command_id: str


@dataclass(frozen=True, slots=True)
class SendingBegan:
    """The attempt to publish it, written before it begins.

    Attributes:
        interlock: why it must not be sent; empty: nothing stops it.
        device_version: the device's configuration now.
    """

    interlock: str
    device_version: int


@dataclass(frozen=True, slots=True)
class PublishEnded:
    """The broker's acknowledgement.

    Attributes:
        is_received: whether any client is subscribed to the device's commands.
    """

    is_received: bool


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer of the device."""

    outcome: ReplyOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StateReported:
    """A state that the device reported, after everything that it sent before."""

    state: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClockTicked:
    """A look at the clock."""


CommandInput = (
    Signed
    | RefusedByPerson
    | WithdrawnByRequester
    | DeviceChanged
    | NewerApproved
    | SendingBegan
    | PublishEnded
    | Replied
    | StateReported
    | ClockTicked
)
"""Everything that can happen to a command."""


@dataclass(frozen=True, slots=True)
class ReplaceOlder:
    """An intent: end older open commands for the same thing."""


@dataclass(frozen=True, slots=True)
class PublishNow:
    """An intent: publish it, with what is left of its time as the message's expiry."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AskForState:
    """An intent: ask the device to report its state."""


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """An intent: a person must look at the place now."""

    reason_zh: str
    reason_en: str


CommandIntent = ReplaceOlder | PublishNow | AskForState | NeedsPerson


@dataclass(frozen=True, slots=True)
class CommandStep:
    """The result of an input.

    Attributes:
        refusal: why the input changes nothing; empty if it was taken.
    """

    command: Command
    intents: tuple[CommandIntent, ...] = ()
    refusal: str = ""
