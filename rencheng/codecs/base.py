"""What every codec offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


@dataclass(frozen=True, slots=True)
class BadItem:
    """One reading of a message that cannot be. `position` counts from 0 within the message."""

    position: int
    reason: RejectionReason
    detail: str


class Codec(Protocol):
    """A format. Both directions are pure: no clock, no I/O."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Read a payload. One bad reading in an array is refused alone.

        Neither a reading nor a bad item: a keep-alive, which says that the device is there.

        Raises:
            Refused: with reason `undecodable`, if the payload as a whole cannot be read.
        """
        ...

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Write readings of one device as a payload that `decode` reads back equal.

        Raises:
            ValueError: the format has no words for one of them.
        """
        ...
