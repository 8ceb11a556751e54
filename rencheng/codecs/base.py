"""The protocol of a codec."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


@dataclass(frozen=True, slots=True)
class BadItem:
    """A reading of a message that is rejected. `position` counts from 0 within the message."""

    position: int
    reason: RejectionReason
    detail: str


class Codec(Protocol):
    """A payload format. Both directions are deterministic: no clock, no I/O."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode a payload. A bad part of it is rejected alone.

        Behind an error that hides where the next part begins, the rest of the message is one bad item with reason
        `undecodable`. A payload with neither a reading nor a bad item is a keep-alive.

        Raises:
            Rejected: with reason `undecodable`, if the payload as a whole cannot be decoded.
        """
        ...

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode readings of one device as a payload that `decode` decodes to equal readings.

        Raises:
            ValueError: the format cannot express one of them.
        """
        ...
