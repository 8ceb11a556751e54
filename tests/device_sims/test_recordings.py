from collections import Counter

import pytest

from device_sims import recordings
from device_sims.recordings import FloodClass, FloodRecording, SessionRecording

FOUR_AND_A_HALF_HOURS_S = 4.5 * 3600
REPEATED_LINES = {"452": 13, "1136": 4}


def flood_name(flood: FloodRecording) -> str:
    return flood.sensor_id


def test_there_are_seven_inland_and_five_tidal_floods_each_of_another_sensor() -> None:
    classes = Counter(flood.flood_class for flood in recordings.floods())
    assert classes == {FloodClass.INLAND: 7, FloodClass.TIDAL: 5}
    assert len({flood.sensor_id for flood in recordings.floods()}) == 12


@pytest.mark.parametrize("flood", recordings.floods(), ids=flood_name)
class TestEveryFlood:
    def test_passed_150_mm_within_four_and_a_half_hours(self, flood: FloodRecording) -> None:
        assert flood.peak_mm > 150
        assert flood.duration_s <= FOUR_AND_A_HALF_HOURS_S

    def test_is_whole(self, flood: FloodRecording) -> None:
        assert flood.offsets_s[0] == 0
        assert all(later > earlier for earlier, later in zip(flood.offsets_s, flood.offsets_s[1:], strict=False))
        assert len(flood.offsets_s) == len(flood.depths_mm)
        assert all(0 <= depth_mm < 1000 and depth_mm == round(depth_mm, 1) for depth_mm in flood.depths_mm)
        assert flood.depths_mm[0] == flood.depths_mm[-1] == 0

    def test_has_few_gaps(self, flood: FloodRecording) -> None:
        steps = [later - earlier for earlier, later in zip(flood.offsets_s, flood.offsets_s[1:], strict=False)]
        gaps = [step for step in steps if step > 150]
        assert max(steps) < 600
        assert sum(gaps) < flood.duration_s / 3

    def test_carries_its_place_and_an_offset(self, flood: FloodRecording) -> None:
        assert flood.started_at.tzinfo is not None
        assert 40 < flood.latitude < 41
        assert -75 < flood.longitude < -73


def test_the_steepest_flood_takes_two_minutes_from_10_to_150_mm() -> None:
    rises_s = [(flood.reached_s(150) or 0) - (flood.reached_s(10) or 0) for flood in recordings.floods()]
    assert min(rises_s) == 120
    assert max(rises_s) == 63 * 60


def test_a_depth_that_was_not_reached_has_no_time() -> None:
    assert recordings.floods()[0].reached_s(5000) is None


def test_signals_hold_an_hour_each_in_the_order_of_time() -> None:
    for signal in recordings.signals():
        tenths = [event.offset_tenths for event in signal.events]
        assert tenths == sorted(tenths)
        assert tenths[0] >= 0
        assert 59 * 600 < tenths[-1] < 60 * 600
    assert sum(len(signal.events) for signal in recordings.signals()) <= 40_000


def test_only_exact_repetitions_of_the_log_share_a_key() -> None:
    for signal in recordings.signals():
        assert len(signal.events) - len(set(signal.events)) == REPEATED_LINES[signal.signal_id]


def test_sessions_are_some_forty_on_five_chargers_that_run_at_the_same_time() -> None:
    by_charger = Counter(session.charger for session in recordings.sessions())
    assert sorted(by_charger) == [1, 2, 3, 4, 5]
    assert sum(by_charger.values()) == 43
    assert all(0 <= session.offset_s < 5 * 3600 for session in recordings.sessions())


def test_sessions_of_a_connector_leave_a_minute_for_plugging() -> None:
    by_connector: dict[tuple[int, int], list[SessionRecording]] = {}
    for session in recordings.sessions():
        by_connector.setdefault((session.charger, session.connector_id), []).append(session)
    for sessions in by_connector.values():
        ends_s = [session.offset_s + session.duration_s for session in sessions]
        assert all(later.offset_s - end_s >= 60 for end_s, later in zip(ends_s, sessions[1:], strict=False))


def test_sessions_are_possible() -> None:
    for session in recordings.sessions():
        mean_kw = session.energy_kwh * 3600 / session.duration_s
        assert 0 < mean_kw <= session.max_power_kw
        assert 0 <= session.soc_arrival_pct <= session.soc_departure_pct <= 100
        assert session.energy_kwh <= 100
