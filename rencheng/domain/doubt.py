"""Doubt: a gauge reports what may be water and is not proven. Readings settle it, or a person who looks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DoubtOutcome(StrEnum):
    """How a doubt ended."""

    WARNED = "warned"
    """The readings proved the water, and a warning is in force."""
    FELL_BACK = "fell_back"
    """The depth fell back."""
    CONFIRMED = "confirmed"
    """A person saw the water."""
    DENIED = "denied"
    """A person saw that there is no water."""
    ENDED = "ended"
    """It was settled while the alert service started again."""
    UNBOUND = "unbound"
    """The gauge no longer serves the site."""


class DoubtAnswerKind(StrEnum):
    """A person's answer to a doubt."""

    CONFIRM = "confirm"
    """There is water as the gauge reports."""
    DENY = "deny"
    """There is no such water; something else is under the gauge."""


@dataclass(frozen=True, slots=True)
class DoubtAnswer:
    """The answer of a person who looked.

    Attributes:
        doubt_id: the doubt that it answers.
        by: who looked, in the words of the person on duty; messages name it.
    """

    site_id: str
    world: str
    doubt_id: str
    kind: DoubtAnswerKind
    by: str


@dataclass(frozen=True, slots=True)
class DoubtReport:
    """The content of a notice of doubt.

    Attributes:
        doubt_id: the same from the first notice to the last.
        sequence: counts the notices of the doubt.
        device_id: the gauge.
        gauge_depth_mm: the depth at the gauge.
        depth_mm: the depth at the lowest point.
        threshold_mm: the threshold of the level.
        references: identifier and time of the earlier notices of the doubt.
        outcome: how it ended; None while it lasts.
        settled_by: who looked; empty if the readings settled it.
        is_slow: whether the depth did not jump but grew, as slowly as snow.
    """

    doubt_id: str
    sequence: int
    device_id: str
    gauge_depth_mm: float
    depth_mm: float
    threshold_mm: float
    references: tuple[tuple[str, datetime], ...] = ()
    outcome: DoubtOutcome | None = None
    settled_by: str = ""
    is_slow: bool = False

    @property
    def identifier(self) -> str:
        """The identifier of this notice."""
        return f"{self.doubt_id}-{self.sequence}"
