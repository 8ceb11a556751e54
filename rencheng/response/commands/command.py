"""The state of a command to a device."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rencheng.domain.level import Level
from rencheng.response.commands.verbs import RULES, ActuatorKind, Risk, Verb, VerbRule
from rencheng.response.signatures import TWO_PEOPLE, Signature, counted


class CommandState(StrEnum):
    """The state of a command. Those after `accepted` are final."""

    ASKED = "asked"
    """It waits for approvals."""
    APPROVED = "approved"
    """It is to be sent."""
    SENT = "sent"
    """It was published, or is being published. The device has not answered."""
    ACCEPTED = "accepted"
    """The device accepted it, at once or for the end of a charging transaction. Nothing is known to have moved."""
    CONFIRMED = "confirmed"
    """The device reported the wanted state after it accepted. Nothing else is a success."""
    CONTRADICTED = "contradicted"
    """The device accepted, and reported the opposite, or nothing that confirms it in time."""
    REJECTED = "rejected"
    """The device refused."""
    UNANSWERED = "unanswered"
    """No answer before the command expired. It may have been carried out."""
    EXPIRED = "expired"
    """It was not decided or not sent in time. It was not carried out."""
    SUPERSEDED = "superseded"
    """A newer command for the same thing was approved."""
    WITHDRAWN = "withdrawn"
    """Who asked withdrew it, or its warning ended."""
    REFUSED = "refused"
    """A person, an interlock or a change of the device's configuration stopped it before it was sent."""


OPEN = frozenset({CommandState.ASKED, CommandState.APPROVED, CommandState.SENT, CommandState.ACCEPTED})
"""The states in which a command goes on."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command to one device.

    Attributes:
        command_id: the same in every repetition, so that a device acts once.
        asked_by: the name in the audit log.
        requester: the person who asked; None: the platform, or a key without a person.
        is_proposed: the platform asked. Otherwise a person or a program did.
        level: the level of the site when it was asked.
        proposal_id: commands of one proposal are approved together; empty: none.
        device_version: the version of the device's configuration that the signatures are for.
        decide_by: nobody's approval counts after this.
        expires_at: the device must not act after this; None before the approval.
        is_published: the broker acknowledged it.
        confirm_by: the device shall report the wanted state before this; None before it accepted.
    """

    command_id: str
    device_id: str
    world: str
    region: str
    site_id: str | None
    verb: Verb
    parameters: Mapping[str, str | float] = field(default_factory=dict)
    asked_by: str = ""
    requester: str | None = None
    is_proposed: bool = False
    reason: str = ""
    warning_id: str | None = None
    level: Level = Level.NONE
    proposal_id: str = ""
    device_version: int = 1
    asked_at: datetime | None = None
    decide_by: datetime | None = None
    state: CommandState = CommandState.ASKED
    signatures: tuple[Signature, ...] = ()
    approved_at: datetime | None = None
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    is_published: bool = False
    accepted_at: datetime | None = None
    confirm_by: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def rule(self) -> VerbRule:
        """The rule of its verb."""
        return RULES[self.verb]

    @property
    def kind(self) -> ActuatorKind:
        """The kind of its device."""
        return self.rule.kind

    @property
    def signatures_needed(self) -> int:
        """The number of people who must approve it, beside the one who asked."""
        if self.rule.risk is Risk.UNDOES:
            return TWO_PEOPLE
        return int(self.rule.risk is Risk.PROTECTS and self.is_proposed)

    @property
    def is_approved(self) -> bool:
        """Whether enough people approved it, one of them with the role that the verb asks for."""
        given = counted(self.signatures, [self.requester] if self.requester else [])
        needs = self.rule.needs_role
        return len(given) >= self.signatures_needed and (
            not needs or any(needs.intersection(each.roles) for each in given)
        )

    @property
    def next_due(self) -> datetime | None:
        """When it changes by itself."""
        dues = {
            CommandState.ASKED: self.decide_by,
            CommandState.APPROVED: self.expires_at,
            CommandState.SENT: self.expires_at,
            CommandState.ACCEPTED: self.confirm_by,
        }
        return dues.get(self.state)

    def is_confirmed_by(self, state: str, text: str) -> bool:
        """Return whether a reported state is the wanted one."""
        return state in self.rule.wanted and (self.verb is not Verb.BOARD_SHOW or text == self.parameters["text"])
