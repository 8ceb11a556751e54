"""What the charging piles of one site tell of water at their feet. Pure."""

from collections import deque
from datetime import datetime, timedelta
from statistics import median

from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.domain.reading import Measurand, MeterValue

GROUND_FAULTS = frozenset({"GroundFailure"})
"""OCPP 1.6 StatusNotification, errorCode."""

FAULT_LASTS = timedelta(minutes=30)
"""A pile that never says that its fault is over: it may have lost its power."""

LEAKAGE_WINDOW = timedelta(minutes=30)
LEAKAGE_SAMPLES_MIN = 3
LEAKAGE_RISE_MA = 3.0
LEAKAGE_FACTOR = 2.0
"""Rising: twice what it was in the last half hour, and by half of the 6 mA at which a DC residual-current device trips
(IEC 62955). A proposal: no recorded leakage in rain was found."""

TOGETHER = timedelta(minutes=10)
OFFLINE_MIN = 2
OFFLINE_SHARE = 0.5
"""A cluster: at least two, and half of the piles, within ten minutes. One alone is a modem."""


class PilesWatch:
    """The piles of one site."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, int], datetime] = {}
        self._leakage: dict[tuple[str, int], deque[tuple[datetime, float]]] = {}
        self._rising: dict[tuple[str, int], datetime] = {}
        self._online: set[str] = set()
        self._offline: dict[str, datetime] = {}
        self._piles: frozenset[str] = frozenset()

    def set_piles(self, device_ids: frozenset[str]) -> None:
        """Which piles there are; what others said is forgotten."""
        self._piles = device_ids
        for kept in (self._faults, self._leakage, self._rising):
            for key in [key for key in kept if key[0] not in device_ids]:
                del kept[key]
        self._offline = {name: at for name, at in self._offline.items() if name in device_ids}

    def take(self, value: MeterValue) -> None:
        """Take one meter value or state in."""
        where = (value.device_id, value.connector_id)
        if value.measurand is Measurand.STATUS:
            if value.error_code in GROUND_FAULTS:
                self._faults.setdefault(where, value.time)
            else:
                self._faults.pop(where, None)
        elif value.measurand is Measurand.LEAKAGE_MA and value.value is not None:
            self._take_leakage(where, value.time, value.value)

    def take_state(self, device_id: str, at: datetime, *, online: bool) -> None:
        """A pile came online, or went away. One that was never seen online may have been away for a month."""
        if online:
            self._online.add(device_id)
            self._offline.pop(device_id, None)
        elif device_id in self._online:
            self._offline.setdefault(device_id, at)

    def signs(self, at: datetime) -> list[Evidence]:
        """What they tell at a time; of each kind what began first."""
        faults = {where: since for where, since in self._faults.items() if at - since <= FAULT_LASTS}
        found = [_first(EvidenceKind.GROUND_FAULT, faults), _first(EvidenceKind.LEAKAGE_RISES, self._rising)]
        return [sign for sign in (*found, self._cluster()) if sign]

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
        """The piles that went offline within ten minutes of each other, if they are most of them."""
        went = sorted((at, name) for name, at in self._offline.items())
        for begin, name in went:
            together = sum(begin <= at <= begin + TOGETHER for at, _ in went)
            if together >= max(OFFLINE_MIN, OFFLINE_SHARE * len(self._piles)):
                return Evidence(EvidenceKind.PILES_OFFLINE, name, begin)
        return None


def _first(kind: EvidenceKind, since: dict[tuple[str, int], datetime]) -> Evidence | None:
    if not since:
        return None
    (device_id, _), at = min(since.items(), key=lambda each: (each[1], each[0]))
    return Evidence(kind, device_id, at)
