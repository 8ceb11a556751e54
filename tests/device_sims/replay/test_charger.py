import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sims import recordings
from device_sims.recordings import SessionRecording
from device_sims.replay import ChargerReplay
from device_sims.replay.charger import charged_kwh, power_kw, soc_pct
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand, MeterValue

START = datetime(2026, 7, 20, 4, 0, tzinfo=UTC)
NUMBERS = range(1, 6)


def values_of(charger: int, *, register_start_kwh: float = 0.0) -> list[MeterValue]:
    sessions = [session for session in recordings.sessions() if session.charger == charger]
    uploads = ChargerReplay("charger-1", sessions, START, register_start_kwh).uploads()
    assert [upload.sent_at for upload in uploads] == sorted(upload.sent_at for upload in uploads)
    return [value for upload in uploads for value in upload.readings if isinstance(value, MeterValue)]


def of_session(values: list[MeterValue], session: SessionRecording, measurand: Measurand) -> list[MeterValue]:
    transaction = f"session-{session.session_id}"
    return [value for value in values if value.transaction_id == transaction and value.measurand is measurand]


@pytest.mark.parametrize("session", recordings.sessions(), ids=lambda session: f"session-{session.session_id}")
class TestEverySession:
    def test_ends_on_the_recorded_energy_charge_and_duration(self, session: SessionRecording) -> None:
        values = values_of(session.charger, register_start_kwh=1234.5)
        register = of_session(values, session, Measurand.ENERGY_KWH)
        charge = of_session(values, session, Measurand.SOC_PCT)
        assert register[-1].value is not None
        assert register[0].value is not None
        assert round(register[-1].value - register[0].value, 3) == session.energy_kwh
        assert charge[0].value == session.soc_arrival_pct
        assert charge[-1].value == session.soc_departure_pct
        assert register[0].time == START + timedelta(seconds=session.offset_s)
        assert register[-1].time - register[0].time == timedelta(seconds=session.duration_s)

    def test_starts_at_the_recorded_maximum_and_never_rises(self, session: SessionRecording) -> None:
        power = [value.value for value in of_session(values_of(session.charger), session, Measurand.POWER_KW)]
        assert power[0] == session.max_power_kw
        assert power == sorted(power, key=lambda value: -(value or 0.0))

    def test_is_metered_each_minute(self, session: SessionRecording) -> None:
        power = of_session(values_of(session.charger), session, Measurand.POWER_KW)
        steps_s = [(later.time - earlier.time).total_seconds() for earlier, later in itertools.pairwise(power)]
        assert all(step_s == 60 for step_s in steps_s[:-1])
        assert 0 < steps_s[-1] <= 60


@pytest.mark.parametrize("charger", NUMBERS)
class TestEveryCharger:
    def test_goes_through_the_same_states_each_time(self, charger: int) -> None:
        for connector in (1, 2):
            states = [
                value.status
                for value in values_of(charger)
                if value.measurand is Measurand.STATUS and value.connector_id == connector
            ]
            round_ = ["Preparing", "Charging", "Finishing", "Available"]
            assert states == round_ * (len(states) // 4)

    def test_has_a_register_that_only_rises(self, charger: int) -> None:
        for connector in (1, 2):
            register = [
                value.value or 0.0
                for value in values_of(charger)
                if value.measurand is Measurand.ENERGY_KWH and value.connector_id == connector
            ]
            assert register == sorted(register)

    def test_loses_no_value_to_the_key(self, charger: int) -> None:
        values = values_of(charger)
        keys = {(value.connector_id, value.transaction_id, value.time, value.measurand) for value in values}
        assert len(keys) == len(values)

    def test_travels_through_the_codec_unchanged(self, charger: int) -> None:
        codec, values = CODECS["json"], values_of(charger)
        assert codec.decode(Kind.CHARGING, "charger-1", codec.encode(values)) == (values, [])


@given(
    duration_s=st.integers(60, 86_400),
    energy_kwh=st.floats(0, 300),
    max_power_kw=st.floats(0.1, 400),
    share=st.floats(0, 1),
)
def test_the_rule_holds_for_any_session(duration_s: int, energy_kwh: float, max_power_kw: float, share: float) -> None:
    session = SessionRecording(1, 1, "1", START, 0, duration_s, energy_kwh, max_power_kw, 20.0, 80.0)
    elapsed_s = share * duration_s
    assert charged_kwh(session, 0) == 0
    assert charged_kwh(session, duration_s) == pytest.approx(energy_kwh)
    assert 0 <= charged_kwh(session, elapsed_s) <= energy_kwh
    assert 0 <= power_kw(session, elapsed_s) <= power_kw(session, 0)
    assert soc_pct(session, charged_kwh(session, duration_s)) == 80.0


def test_the_energy_is_the_integral_of_the_power() -> None:
    session = recordings.sessions()[0]
    kwh = sum(
        (power_kw(session, second) + power_kw(session, second + 1)) / 7200 for second in range(session.duration_s)
    )
    assert kwh == pytest.approx(session.energy_kwh, rel=1e-3)
