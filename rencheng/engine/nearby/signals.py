"""The evidence of one traffic signal. Deterministic: no I/O, no clock.

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
"""Values of unitFlashStatus in NTCIP 1202: fault monitor, and malfunction management unit. The others are intended: not
flashing 2, automatic 3, local manual 4, start-up 7, preempt 8."""

DETECTORS_MIN = 2
STANDING_SHARE = 0.2
"""A single detector that is occupied for minutes is faulty or has a parked car on it. A fifth of all is one approach.
Source: on the recorded controllers this never occurs, although a detector of one of them sticks for an hour."""

FLOWING_SHARE = 0.75
"""As a share of the detectors with a usual count."""

SILENT_AFTER = timedelta(minutes=2)
"""A signal with traffic sends an event every few seconds, so that silence gives no information about traffic."""


class SignalWatch:
    """One signal. It takes events in order of time and ignores late ones."""

    def __init__(self, device_id: str) -> None:
        self._device_id = device_id
        self._detectors: dict[int, Detector] = {}
        self._faulty: set[int] = set()
        self._last_event_at: datetime | None = None
        self._since: dict[EvidenceKind, datetime] = {}

    def take(self, event: SignalEvent) -> None:
        """Take in one event."""
        at = event.time
        if self._last_event_at is not None and at < self._last_event_at:
            return
        if self._last_event_at is not None and at - self._last_event_at > BIN:
            self._detectors.clear()  # events are missing
        self._last_event_at = at
        code = event.event_id
        if code in {DETECTOR_ON, DETECTOR_OFF}:
            detector = self._detectors.get(event.parameter)
            if detector is None:
                detector = self._detectors[event.parameter] = Detector(at)
            detector.set_occupied(at, on=code == DETECTOR_ON)
        elif code in DETECTOR_FAULTS:
            self._faulty.add(event.parameter)
        elif code == DETECTOR_RESTORED:
            self._faulty.discard(event.parameter)
        elif code == FLASH:
            self._note(EvidenceKind.SIGNAL_FLASHES, at, holds=event.parameter in FAULT_FLASHES)
        elif code in {POWER_LOST, POWER_RESTORED}:
            self._note(EvidenceKind.SIGNAL_WITHOUT_POWER, at, holds=code == POWER_LOST)

    def evidence(self, at: datetime) -> list[Evidence]:
        """Return its evidence at a time."""
        self._evaluate_traffic(at)
        return [Evidence(kind, self._device_id, since) for kind, since in self._since.items()]

    def _evaluate_traffic(self, at: datetime) -> None:
        is_live = self._last_event_at is not None and at - self._last_event_at <= SILENT_AFTER
        sound = [each for number, each in self._detectors.items() if number not in self._faulty]
        for detector in sound if is_live else ():
            detector.close_until(at)
        usable = [each for each in sound if each.usual is not None] if is_live else []
        standing = sum(each.has_collapsed for each in usable)
        stands = standing >= max(DETECTORS_MIN, STANDING_SHARE * len(usable))
        flowing = sum(each.flows for each in usable)
        flows = len(usable) >= DETECTORS_MIN and flowing >= FLOWING_SHARE * len(usable) and not stands
        self._note(EvidenceKind.TRAFFIC_STANDS, at, holds=stands)
        self._note(EvidenceKind.TRAFFIC_FLOWS, at, holds=flows)

    def _note(self, kind: EvidenceKind, at: datetime, *, holds: bool) -> None:
        if holds:
            self._since.setdefault(kind, at)
        else:
            self._since.pop(kind, None)
