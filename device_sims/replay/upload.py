"""Uploads: the readings that a device sends together, with the time of sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


@dataclass(frozen=True, slots=True)
class Upload:
    """Readings that a device sends together. `sent_at` is event time, not before the last reading."""

    sent_at: datetime
    readings: tuple[Reading, ...]


class Replay(Protocol):
    """A recording that is assigned to a device and moved in time."""

    @property
    def device_id(self) -> str:
        """The device."""
        ...

    @property
    def kind(self) -> Kind:
        """The device's kind."""
        ...

    def uploads(self) -> Sequence[Upload]:
        """Return all uploads in the order of sending."""
        ...
