"""The evidence of the chargers of one site. Deterministic: no I/O, no clock."""

from collections import deque
from datetime import datetime, timedelta
from statistics import median

from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.domain.meter import sampled_value
from rencheng.domain.reading import Measurand, MeterValue

GROUND_FAULTS = frozenset({"GroundFailure"})
"""Source: errorCode of StatusNotification in OCPP 1.6."""

FAULT_LASTS = timedelta(minutes=30)
"""A fault counts for this long, because a charger without power cannot report its end."""

LEAKAGE_WINDOW = timedelta(minutes=30)
LEAKAGE_SAMPLES_MIN = 3
LEAKAGE_RISE_MA = 3.0
LEAKAGE_FACTOR = 2.0
"""The leakage rises if it is twice the median of the last half hour, and above it by half of the 6 mA at which a DC
residual-current device trips. Source: IEC 62955 and a proposal, because no recorded leakage in rain was found."""

TOGETHER = timedelta(minutes=10)
OFFLINE_MIN = 2
OFFLINE_SHARE = 0.5
"""A cluster is at least two, and half of the chargers, within ten minutes. A single one is more likely a modem."""


class ChargersWatch:
    """The chargers of one site."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, int], datetime] = {}
        self._leakage: dict[tuple[str, int], deque[tuple[datetime, float]]] = {}
        self._rising: dict[tuple[str, int], datetime] = {}
        self._online: set[str] = set()
        self._offline: dict[str, datetime] = {}
        self._chargers: frozenset[str] = frozenset()

    def set_chargers(self, device_ids: frozenset[str]) -> None:
        """Set the chargers, and forget the state of all others."""
        self._chargers = device_ids
        for kept in (self._faults, self._leakage, self._rising):
            for key in [key for key in kept if key[0] not in device_ids]:
                del kept[key]
        self._offline = {name: at for name, at in self._offline.items() if name in device_ids}

    def take(self, value: MeterValue) -> None:
        """Take in one meter value or connector state."""
        where = (value.device_id, value.connector_id)
        if value.measurand is Measurand.STATUS:
            if value.error_code in GROUND_FAULTS:
                self._faults.setdefault(where, value.time)
            else:
                self._faults.pop(where, None)
        elif value.value is not None:
            sampled = sampled_value(value.measurand)
            if sampled.measurand == Measurand.LEAKAGE_MA and sampled.phase is None:
                self._take_leakage(where, value.time, value.value)

    def take_state(self, device_id: str, at: datetime, *, online: bool) -> None:
        """Take in that a charger is online or offline; offline counts only after online."""
        if online:
            self._online.add(device_id)
            self._offline.pop(device_id, None)
        elif device_id in self._online:
            self._offline.setdefault(device_id, at)

    def evidence(self, at: datetime) -> list[Evidence]:
        """Return their evidence at a time, the first of each kind."""
        faults = {where: since for where, since in self._faults.items() if at - since <= FAULT_LASTS}
        found = [_first(EvidenceKind.GROUND_FAULT, faults), _first(EvidenceKind.LEAKAGE_RISES, self._rising)]
        return [each for each in (*found, self._cluster()) if each]

    def _take_leakage(self, where: tuple[str, int], at: datetime, leakage_ma: float) -> None:
        past = self._leakage.setdefault(where, deque())
        while past and at - past[0][0] > LEAKAGE_WINDOW:
            past.popleft()
        usual = median(ma for _, ma in past) if len(past) >= LEAKAGE_SAMPLES_MIN else None
        if usual is not None and leakage_ma >= usual + LEAKAGE_RISE_MA and leakage_ma >= LEAKAGE_FACTOR * usual:
            self._rising.setdefault(where, at)
        else:
            self._rising.pop(where, None)
        past.append((at, leakage_ma))

    def _cluster(self) -> Evidence | None:
        """Return evidence of the chargers that went offline within ten minutes of each other, if they are enough."""
        offline = sorted((at, name) for name, at in self._offline.items())
        for begin, name in offline:
            together = sum(begin <= at <= begin + TOGETHER for at, _ in offline)
            if together >= max(OFFLINE_MIN, OFFLINE_SHARE * len(self._chargers)):
                return Evidence(EvidenceKind.CHARGERS_OFFLINE, name, begin)
        return None


def _first(kind: EvidenceKind, since: dict[tuple[str, int], datetime]) -> Evidence | None:
    if not since:
        return None
    (device_id, _), at = min(since.items(), key=lambda each: (each[1], each[0]))
    return Evidence(kind, device_id, at)
