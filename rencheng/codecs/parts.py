"""The parts of a message: values that could be decoded, and parts that could not. One bad part rejects no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rencheng.codecs.base import BadItem
from rencheng.codecs.items import MODELS, check_length, explain
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


@dataclass(frozen=True, slots=True)
class UnreadablePart:
    """A part that cannot be decoded.

    Attributes:
        detail: the reason in words.
        reason: `invalid` for a part with a known end; `undecodable` for the rest of a message behind an error.
        names: the names that it seems to hold, as far as they can be recognised.
        fields: the names and values that are valid.
    """

    detail: str
    reason: RejectionReason = RejectionReason.INVALID
    names: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)


def rest(detail: str) -> UnreadablePart:
    """Return the part that stands for the rest of a message, which cannot be divided into readings."""
    return UnreadablePart(f"the message cannot be decoded from here on: {detail}", RejectionReason.UNDECODABLE)


def as_readings(kind: Kind, device_id: str, parts: Sequence[Any]) -> tuple[list[Reading], list[BadItem]]:
    """Return the readings of a message's parts and its bad items.

    A part is a mapping of fields, an unreadable part, or any other value, which is a bad item.

    Raises:
        Rejected: with reason `undecodable`, if there are no parts or too many, or if the message breaks off before the
            first reading.
    """
    check_length(parts)
    model = MODELS[kind]
    readings: list[Reading] = []
    bad: list[BadItem] = []
    for position, part in enumerate(parts):
        if isinstance(part, UnreadablePart):
            bad.append(BadItem(position, part.reason, part.detail))
            continue
        try:
            readings.append(model.model_validate(part).reading(device_id))
        except ValidationError as error:
            bad.append(BadItem(position, RejectionReason.INVALID, explain(error)))
    if not readings and bad[-1].reason is RejectionReason.UNDECODABLE:
        raise Rejected(RejectionReason.UNDECODABLE, bad[-1].detail)
    return readings, bad
