"""The answers' models of commands."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from rencheng.domain.level import LevelWord
from rencheng.response.commands.command import CommandState
from rencheng.response.commands.forms import CommandForm
from rencheng.response.commands.verbs import Verb
from rencheng.schemas.fields import Identifier, Text
from rencheng.store.commands.commands import KeptCommand
from services.api.http.models import ApiModel, example, level_word, local

COMMAND_ID = "8e0b2c1a-5d6f-5a1e-9c3b-2f4d6a8b0c1e"

_REQUEST: dict[str, Any] = {"device_id": "barrier-7", "verb": "barrier.close", "reason": "water", "key": "close-1"}
_COMMAND: dict[str, Any] = {
    "command_id": COMMAND_ID,
    "device_id": "barrier-7",
    "world": "actual",
    "site_id": "my-underpass",
    "verb": "barrier.close",
    "parameters": {},
    "state": "confirmed",
    "proposal_id": "",
    "warning_id": None,
    "level": "red",
    "reason": "water",
    "asked_by": "key 1f (duty)",
    "asked_at": "2026-07-20T16:00:00+08:00",
    "signatures_needed": 0,
    "signed_by": [],
    "approved_at": "2026-07-20T16:00:00+08:00",
    "expires_at": "2026-07-20T16:01:00+08:00",
    "sent_at": "2026-07-20T16:00:00.3+08:00",
    "accepted_at": "2026-07-20T16:00:00.8+08:00",
    "ended_at": "2026-07-20T16:00:09+08:00",
    "person_needed": "",
    "handled_at": None,
}
_EVENT: dict[str, Any] = {
    "at": "2026-07-20T16:00:09+08:00",
    "kind": "StateReported",
    "state": "confirmed",
    "given": {"state": "closed", "text": ""},
    "refusal": "",
}


class CommandRequest(CommandForm):
    """A command to ask for."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST]})

    key: Identifier
    """A name of the client's choice. The same request under the same key is one command."""


class CommandReason(BaseModel):
    """Why a command is refused or withdrawn."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "a car is below the arm"}]})

    reason: Text


class CommandNote(BaseModel):
    """What a person found at the place."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "closed by hand at 16:12"}]})

    note: Text


class ShownCommand(ApiModel):
    """A command to a device 指令."""

    model_config = example(**_COMMAND)

    command_id: str
    device_id: str
    world: str
    site_id: str | None
    verb: Verb
    parameters: dict[str, str | float]
    state: CommandState
    """confirmed: the device reported the wanted state. Nothing else is a success."""
    proposal_id: str
    """Commands of one proposal are approved together; empty: none."""
    warning_id: str | None
    level: LevelWord
    """The level of the site when it was asked."""
    reason: str
    asked_by: str | None
    """Who asked; null without the scope `operate` or `admin`."""
    asked_at: datetime
    signatures_needed: int
    """The number of people who must approve it, beside the one who asked."""
    signed_by: list[str]
    approved_at: datetime | None
    expires_at: datetime | None
    """The device must not act after this."""
    sent_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None
    person_needed: str
    """Why a person must look at the place; empty: not."""
    handled_at: datetime | None
    """When a person did."""


class ShownCommands(ApiModel):
    """Commands, the newest first."""

    model_config = example(items=[_COMMAND])

    items: list[ShownCommand]


class CommandEvent(ApiModel):
    """Something that happened to a command."""

    model_config = example(**_EVENT)

    at: datetime
    kind: str
    state: CommandState
    given: dict[str, Any]
    refusal: str
    """Why it changed nothing; empty: it was taken."""


class CommandDetail(ShownCommand):
    """A command with everything that happened to it."""

    model_config = example(**_COMMAND, events=[_EVENT])

    events: list[CommandEvent]


def shown(kept: KeptCommand, zone: ZoneInfo, *, sees_authors: bool) -> dict[str, Any]:
    """Return the values of a command."""
    command = kept.command
    moments = ("asked_at", "approved_at", "expires_at", "sent_at", "accepted_at", "ended_at")
    times = {name: at and local(at, zone) for name in moments for at in [getattr(command, name)]}
    return times | {
        "command_id": command.command_id,
        "device_id": command.device_id,
        "world": command.world,
        "site_id": command.site_id,
        "verb": command.verb,
        "parameters": dict(command.parameters),
        "state": command.state,
        "proposal_id": command.proposal_id,
        "warning_id": command.warning_id,
        "level": level_word(command.level),
        "reason": command.reason,
        "asked_by": command.asked_by if sees_authors else None,
        "signatures_needed": command.signatures_needed,
        "signed_by": [each.person_id for each in command.signatures],
        "person_needed": kept.person_needed,
        "handled_at": kept.handled_at and local(kept.handled_at, zone),
    }
