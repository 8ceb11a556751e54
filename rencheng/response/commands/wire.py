"""The documents on the topics `command` and `reply` of a device."""

import json
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.topic import ROOT, Channel
from rencheng.response.commands.command import Command
from rencheng.response.commands.inputs import ReplyOutcome
from rencheng.response.commands.verbs import ACTUATOR_LEVEL, BOARD_TEXTS, READING_KINDS, ActuatorKind, Verb
from rencheng.schemas.fields import OptionalText

COMMAND_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

PAYLOAD_MAX = 4096
"""The longest document of a device on `reply`, bytes. Proposal."""

_STRICT = ConfigDict(extra="forbid", frozen=True)

CommandId = Annotated[str, Field(pattern=COMMAND_ID)]


class CommandDocument(BaseModel):
    """A command to a device. A device must not act after `expires_at`, on a retained message, or twice on one id."""

    model_config = _STRICT

    type: Literal["command"] = "command"
    id: CommandId
    verb: Verb
    parameters: dict[str, str | float] = {}
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    world: str


class StateRequest(BaseModel):
    """A request to report the present state. It moves nothing."""

    model_config = _STRICT

    type: Literal["state_request"] = "state_request"


class ReplyDocument(BaseModel):
    """The answer of a device to a command. It answers each id once; a repetition gets the same answer."""

    model_config = _STRICT

    type: Literal["reply"] = "reply"
    command: CommandId
    outcome: ReplyOutcome
    reason: OptionalText = ""


class StateDocument(BaseModel):
    """The state of a device, after each connect, each change, each accepted command and at least every 10 minutes."""

    model_config = _STRICT

    type: Literal["state"] = "state"
    state: Annotated[str, Field(pattern="^[a-z_]{1,32}$")] = Field(
        description="Of a barrier open, opening, closed, closing; of a board shown or blank; of a pump running or"
        " stopped; of a signal held or normal; of each fault or unknown."
    )
    text: OptionalText = Field("", description="Of a board, the name of the text that it shows.")
    obstructed: bool = Field(False, description="Of a barrier, whether something is below its arm.")
    current_a: float | None = Field(None, ge=0, description="Of a pump, its current in A.")

    @property
    def reported(self) -> str:
        """The state; `unknown` if the document contradicts itself: a pump that runs without current."""
        return "unknown" if self.state == "running" and self.current_a == 0 else self.state


FromDevice = ReplyDocument | StateDocument
_FROM_DEVICE: TypeAdapter[FromDevice] = TypeAdapter(Annotated[FromDevice, Field(discriminator="type")])


def decode_from_device(payload: bytes) -> FromDevice:
    """Decode a document of a device.

    Raises:
        Rejected: with reason `undecodable`.
    """
    if len(payload) > PAYLOAD_MAX:
        raise Rejected(RejectionReason.UNDECODABLE, f"longer than {PAYLOAD_MAX} bytes")
    try:
        return _FROM_DEVICE.validate_json(payload)
    except ValidationError as error:
        raise Rejected(RejectionReason.UNDECODABLE, f"no reply or state: {error.error_count()} findings") from None


def encode_command(command: Command, issued_at: datetime, expires_at: datetime) -> bytes:
    """Return the document of a command. A repetition has the same bytes."""
    parameters = dict(command.parameters)
    if "text" in parameters:
        parameters["text_zh"] = BOARD_TEXTS[str(parameters["text"])]
    document = CommandDocument(
        id=command.command_id,
        verb=command.verb,
        parameters=parameters,
        issued_at=issued_at,
        expires_at=expires_at,
        world=command.world,
    )
    return _encode(document)


def encode_state_request() -> bytes:
    """Return the document that asks for the state."""
    return _encode(StateRequest())


def _encode(document: BaseModel) -> bytes:
    return json.dumps(document.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False).encode()


def device_topic(region: str, kind: ActuatorKind, device_id: str, channel: Channel) -> str:
    """Return the topic of a device that takes commands."""
    level = READING_KINDS.get(kind)
    return f"{ROOT}/{region}/{ACTUATOR_LEVEL if level is None else level}/{device_id}/{channel}"


def device_of_topic(topic: str) -> str:
    """Return the device in a topic; empty if it is no topic of a device."""
    parts = topic.split("/")
    return parts[4] if len(parts) == 6 else ""  # noqa: PLR2004 - a topic has six levels
