"""A reply to a device on its `reply` topic: messages settled, rejected and shed."""

import json
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.receipt import ID_DIGITS

MessageId = Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{ID_DIGITS}}}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RejectedPart(_Part):
    """A reading, or a whole message, that went to quarantine."""

    message: MessageId
    position: int = Field(-1, ge=-1, description="Which reading of the message, from 0; -1 for the whole message.")
    reason: RejectionReason
    detail: str = Field(description="A sentence for people.")


class ShedPart(_Part):
    """Readings beyond the device's quota. They were counted and not stored; a device that can sends them again."""

    readings: int = Field(ge=1)
    retry_after_s: float = Field(ge=0, description="When the quota allows readings again, seconds from now.")


class ReceiptDocument(_Part):
    """A reply to a device, at most about one a second.

    A device may delete the messages that `settled` names. They are committed, as readings, as repetitions, or in
    quarantine with their payload. Other messages are not settled yet, even if later ones are.
    """

    type: Literal["receipt"] = "receipt"
    time: AwareDatetime = Field(description="When this was written, by the platform's clock.")
    settled: list[MessageId] = Field(
        default=[],
        description=f"Messages, each by the first {ID_DIGITS} hexadecimal digits of its payload's SHA-256."
        " Only for devices whose profile asks for receipts.",
    )
    rejected: list[RejectedPart] = Field(default=[], description="The first rejections since the last reply.")
    rejected_more: int = Field(0, ge=0, description="How many more rejections there were.")
    shed: ShedPart | None = None

    def encode(self) -> bytes:
        """Encode as JSON, without empty fields."""
        fields = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"type": self.type} | fields, separators=(",", ":"), ensure_ascii=False).encode()


def decode_receipt(payload: bytes) -> ReceiptDocument:
    """Decode a reply, as a device does.

    Raises:
        Rejected: with reason `undecodable`; a device's own reply to a command, for instance.
    """
    try:
        return ReceiptDocument.model_validate_json(payload)
    except ValidationError as error:
        raise Rejected(RejectionReason.UNDECODABLE, f"not a receipt: {error.error_count()} findings") from None
