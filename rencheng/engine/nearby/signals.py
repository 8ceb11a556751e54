"""What one traffic signal tells of the road around it. Pure.

Event codes are those of the Indiana traffic signal hi-resolution data logger enumerations: 81 and 82 a detector off and
on, 83 a detector restored, 84 to 88 its faults, 173 unit flash status, 182 power failure, 184 power restored.
"""

from datetime import datetime, timedelta

from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.domain.reading import SignalEvent
from rencheng.engine.nearby.detectors import BIN, Detector

DETECTOR_OFF, DETECTOR_ON, DETECTOR_RESTORED = 81, 82, 83
DETECTOR_FAULTS = frozenset({84, 85, 86, 87, 88})
FLASH, POWER_LOST, POWER_RESTORED = 173, 182, 184

FAULT_FLASHES = frozenset({5, 6})
"""Of the values of unitFlashStatus in NTCIP 1202: fault monitor, and malfunction management unit. The others are wanted
by somebody: not flashing 2, by the clock 3, by hand 4, at start-up 7, for a preemption 8."""

DETECTORS_MIN = 2
STANDING_SHARE = 0.2
"""One detector alone that is occupied for minutes is broken, or has a parked car on it. A fifth of all is one approach.
On the recorded controllers, one of which has a detector that sticks for an hour, this never happens."""

FLOWING_SHARE = 0.75
"""Of the detectors of which something can be said."""

SILENT_AFTER = timedelta(minutes=2)
"""A signal with traffic tells something every few seconds; one that is silent says nothing of its detectors."""


class SignalWatch:
    """One signal; events in the order of their times, late ones are passed over."""

    def __init__(self, device_id: str) -> None:
        self._device_id = device_id
        self._detectors: dict[int, Detector] = {}
        self._faulty: set[int] = set()
        self._heard_at: datetime | None = None
        self._since: dict[EvidenceKind, datetime] = {}

    def take(self, event: SignalEvent) -> None:
        """Take one event in."""
        at = event.time
        if self._heard_at is not None and at < self._heard_at:
            return
        if self._heard_at is not None and at - self._heard_at > BIN:
            self._detectors.clear()  # what was counted meanwhile is not known
        self._heard_at = at
        code = event.event_id
        if code in {DETECTOR_ON, DETECTOR_OFF}:
            detector = self._detectors.get(event.parameter)
            if detector is None:
                detector = self._detectors[event.parameter] = Detector(at)
            detector.turns(at, on=code == DETECTOR_ON)
        elif code in DETECTOR_FAULTS:
            self._faulty.add(event.parameter)
        elif code == DETECTOR_RESTORED:
            self._faulty.discard(event.parameter)
        elif code == FLASH:
            self._note(EvidenceKind.SIGNAL_FLASHES, at, holds=event.parameter in FAULT_FLASHES)
        elif code in {POWER_LOST, POWER_RESTORED}:
            self._note(EvidenceKind.SIGNAL_WITHOUT_POWER, at, holds=code == POWER_LOST)

    def evidence(self, at: datetime) -> list[Evidence]:
        """What it tells at a time."""
        self._judge_traffic(at)
        return [Evidence(kind, self._device_id, since) for kind, since in self._since.items()]

    def _judge_traffic(self, at: datetime) -> None:
        can_tell = self._heard_at is not None and at - self._heard_at <= SILENT_AFTER
        sound = [each for number, each in self._detectors.items() if number not in self._faulty]
        for detector in sound if can_tell else ():
            detector.close_until(at)
        telling = [each for each in sound if each.usual is not None] if can_tell else []
        standing = sum(each.has_collapsed for each in telling)
        stands = standing >= max(DETECTORS_MIN, STANDING_SHARE * len(telling))
        flowing = sum(each.flows for each in telling)
        flows = len(telling) >= DETECTORS_MIN and flowing >= FLOWING_SHARE * len(telling) and not stands
        self._note(EvidenceKind.TRAFFIC_STANDS, at, holds=stands)
        self._note(EvidenceKind.TRAFFIC_FLOWS, at, holds=flows)

    def _note(self, kind: EvidenceKind, at: datetime, *, holds: bool) -> None:
        if holds:
            self._since.setdefault(kind, at)
        else:
            self._since.pop(kind, None)
