"""What a replay is made of: uploads, the readings that a device sends in one go, each with its moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


@dataclass(frozen=True, slots=True)
class Upload:
    """Readings that a device sends together. `sent_at` is event time, never before the last of them was taken."""

    sent_at: datetime
    readings: tuple[Reading, ...]


class Replay(Protocol):
    """A recording, given to a device and placed in time."""

    @property
    def device_id(self) -> str:
        """Whose readings they are."""
        ...

    @property
    def kind(self) -> Kind:
        """The device's family."""
        ...

    def uploads(self) -> Sequence[Upload]:
        """All uploads, in the order of sending."""
        ...
