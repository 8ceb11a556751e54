"""What other devices around a site tell of the water: support for the gauge, or a question about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EvidenceKind(StrEnum):
    """What was seen."""

    TRAFFIC_STANDS = "traffic_stands"
    """Several detectors count hardly anything, and are occupied nearly all the time."""
    TRAFFIC_FLOWS = "traffic_flows"
    """The detectors count as many vehicles as usual."""
    SIGNAL_FLASHES = "signal_flashes"
    """The signal went into flash by a fault."""
    SIGNAL_WITHOUT_POWER = "signal_without_power"
    """The signal's controller lost its power."""
    GROUND_FAULT = "ground_fault"
    """A pile reports a ground fault."""
    LEAKAGE_RISES = "leakage_rises"
    """A pile's residual current rises."""
    PILES_OFFLINE = "piles_offline"
    """Most of the piles went offline together."""


CONTRADICTING = frozenset({EvidenceKind.TRAFFIC_FLOWS})
"""What speaks against water on the road; all else speaks for it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen, by which device, since when."""

    kind: EvidenceKind
    device_id: str
    since: datetime
