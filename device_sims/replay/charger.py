"""A charger that replays recorded sessions.

The recordings have a session's duration, energy, greatest power and charge at both ends, but not its course. The power
is modelled as `P · (1 − t/T)^n` with `n = P·T/E − 1`, where `P` is the recorded maximum, `T` the duration and `E` the
energy. With this exponent the energy after `T` is `E`. The charge rises with the energy.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from device_sims.recordings import SessionRecording
from device_sims.replay.upload import Upload
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand, MeterValue

METER_EVERY_S = 60
# Sessions of a connector are at least a minute apart, so both fit between them.
PREPARING_S = 30
FINISHING_S = 15
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class ChargerReplay:
    """Recorded sessions, moved so that the charger's afternoon begins at `start`.

    Attributes:
        device_id: the charger that replays them.
        sessions: the sessions of this charger, by start.
        start: the start of the afternoon; sessions keep their offsets from it.
        register_start_kwh: the energy register of each connector before the first session.
    """

    device_id: str
    sessions: Sequence[SessionRecording]
    start: datetime
    register_start_kwh: float = 0.0
    kind: Kind = Kind.CHARGING

    def uploads(self) -> list[Upload]:
        """Return status changes, and meter values each minute of a session, in order of time."""
        by_connector = itertools.groupby(
            sorted(self.sessions, key=_by_connector_and_time), key=lambda session: session.connector_id
        )
        uploads = itertools.chain.from_iterable(self._connector(list(sessions)) for _, sessions in by_connector)
        return sorted(uploads, key=lambda upload: upload.sent_at)

    def _connector(self, sessions: Sequence[SessionRecording]) -> Iterator[Upload]:
        register_kwh = self.register_start_kwh
        for session in sessions:
            yield from self._session(session, register_kwh)
            register_kwh = round(register_kwh + session.energy_kwh, 3)

    def _session(self, session: SessionRecording, register_kwh: float) -> Iterator[Upload]:
        start = self.start + timedelta(seconds=session.offset_s)
        end = start + timedelta(seconds=session.duration_s)
        transaction = f"session-{session.session_id}"
        yield self._status(session, start - timedelta(seconds=PREPARING_S), "Preparing", "")
        yield self._status(session, start, "Charging", transaction)
        for elapsed_s in (*range(0, session.duration_s, METER_EVERY_S), session.duration_s):
            yield self._meter(session, start, elapsed_s, transaction, register_kwh)
        yield self._status(session, end, "Finishing", transaction)
        yield self._status(session, end + timedelta(seconds=FINISHING_S), "Available", "")

    def _status(self, session: SessionRecording, time: datetime, status: str, transaction: str) -> Upload:
        change = MeterValue(self.device_id, session.connector_id, transaction, time, Measurand.STATUS, status=status)
        return Upload(time, (replace(change, error_code="NoError"),))

    def _meter(
        self, session: SessionRecording, start: datetime, elapsed_s: int, transaction: str, register_kwh: float
    ) -> Upload:
        time = start + timedelta(seconds=elapsed_s)
        energy_kwh = charged_kwh(session, elapsed_s)
        values = {
            Measurand.POWER_KW: power_kw(session, elapsed_s),
            Measurand.ENERGY_KWH: round(register_kwh + energy_kwh, 3),
            Measurand.SOC_PCT: soc_pct(session, energy_kwh),
        }
        key = (self.device_id, session.connector_id, transaction, time)
        return Upload(time, tuple(MeterValue(*key, measurand, value) for measurand, value in values.items()))


def power_kw(session: SessionRecording, elapsed_s: float) -> float:
    """Return the power at a second of a session, kW."""
    mean_kw = session.energy_kwh * SECONDS_PER_HOUR / session.duration_s
    if not mean_kw:
        return 0.0
    # a mean above the maximum comes from times that are recorded to the minute
    return round(max(session.max_power_kw, mean_kw) * math.pow(_left(session, elapsed_s), _exponent(session)), 3)


def charged_kwh(session: SessionRecording, elapsed_s: float) -> float:
    """Return the energy at a second of a session, kWh: the integral of the power."""
    return session.energy_kwh * (1 - math.pow(_left(session, elapsed_s), _exponent(session) + 1))


def soc_pct(session: SessionRecording, energy_kwh: float) -> float:
    """Return the battery's state of charge after some energy, percent."""
    share = energy_kwh / session.energy_kwh if session.energy_kwh else 1.0
    return round(session.soc_arrival_pct + (session.soc_departure_pct - session.soc_arrival_pct) * share, 1)


def _left(session: SessionRecording, elapsed_s: float) -> float:
    """Return the remaining share of the session."""
    return max(0.0, 1 - elapsed_s / session.duration_s)


def _exponent(session: SessionRecording) -> float:
    at_maximum_kwh = session.max_power_kw * session.duration_s / SECONDS_PER_HOUR
    return max(0.0, at_maximum_kwh / session.energy_kwh - 1) if session.energy_kwh else 0.0


def _by_connector_and_time(session: SessionRecording) -> tuple[int, int]:
    return session.connector_id, session.offset_s
