"""Evidence of other devices near a site, which corroborates or contradicts a gauge."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EvidenceKind(StrEnum):
    """The kind of an observation."""

    TRAFFIC_STANDS = "traffic_stands"
    """Several detectors count few vehicles and are occupied most of the time."""
    TRAFFIC_FLOWS = "traffic_flows"
    """The detectors count as many vehicles as usual."""
    SIGNAL_FLASHES = "signal_flashes"
    """The signal flashes because of a fault."""
    SIGNAL_WITHOUT_POWER = "signal_without_power"
    """The controller of the signal has lost power."""
    GROUND_FAULT = "ground_fault"
    """A charger reports a ground fault."""
    LEAKAGE_RISES = "leakage_rises"
    """The residual current of a charger rises."""
    CHARGERS_OFFLINE = "chargers_offline"
    """Most of the chargers went offline together."""


OF_CHARGERS = frozenset({EvidenceKind.GROUND_FAULT, EvidenceKind.LEAKAGE_RISES, EvidenceKind.CHARGERS_OFFLINE})
"""The kinds that chargers show; all others are of signals."""

CONTRADICTING = frozenset({EvidenceKind.TRAFFIC_FLOWS})
"""The kinds that contradict water on the road; all others corroborate it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation of a device, and when it began."""

    kind: EvidenceKind
    device_id: str
    since: datetime
