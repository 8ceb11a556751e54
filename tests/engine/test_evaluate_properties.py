"""What holds of the engine whatever the readings."""

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import ThresholdProfile
from rencheng.engine.evaluate import evaluate
from rencheng.engine.level_rules import RENEWS_S
from rencheng.engine.record import SiteRecord
from rencheng.engine.site_policy import policy_of
from rencheng.engine.state import SiteState
from tests.support.gauge_play import play, profile, reading, site

_DEPTHS = st.one_of(st.none(), st.sampled_from([0.0, 20.0, 49.9, 50.0, 150.0, 270.0, 400.0]), st.floats(0, 900))
_FLAGS = st.sampled_from([Quality.NOTHING_FOUND] * 6 + [Quality.MISSING, Quality.GROSS_RANGE, Quality.TILTED])
_READINGS = st.builds(
    reading,
    st.floats(0, 90).map(lambda minute: round(minute, 4)),
    _DEPTHS,
    st.sampled_from(["G1", "G1", "G2"]),
    channel=st.sampled_from([0, 0, 1]),
    quality=_FLAGS,
)


@st.composite
def floods(draw: st.DrawFn) -> list[WaterReading]:
    """Readings mostly in order, as a network delivers them; at times wholly out of order."""
    readings = draw(st.lists(_READINGS, min_size=1, max_size=60))
    return sorted(readings, key=lambda one: one.time) if draw(st.booleans()) else readings


_PROFILES = st.builds(
    profile,
    clear_below_mm=st.sampled_from([0.0, 30.0, 60.0]),
    up_hold_s=st.sampled_from([0.0, 60.0]),
    down_hold_s=st.sampled_from([0.0, 120.0, 600.0]),
    horizon_s=st.sampled_from([0.0, 600.0]),
)


def through_json(state: SiteState) -> SiteState:
    return SiteRecord.from_json(json.loads(json.dumps(SiteRecord(state=state).to_json()))).state


@given(floods(), _PROFILES)
def test_a_state_comes_back_from_json_as_it_was(readings: list[WaterReading], by: ThresholdProfile) -> None:
    state, _ = play(readings, by)

    assert through_json(state) == state


@given(floods(), _PROFILES, st.data())
def test_a_restart_anywhere_changes_nothing(
    readings: list[WaterReading], by: ThresholdProfile, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(readings)))
    whole, changes = play(readings, by)
    half, first = play(readings[:cut], by)
    rest, second = play(readings[cut:], by, through_json(half))

    assert first + second == changes
    assert rest == whole


@given(floods(), _PROFILES, st.data())
def test_stored_readings_played_again_after_a_restart_say_nothing_again(
    readings: list[WaterReading], by: ThresholdProfile, data: st.DataObject
) -> None:
    readings = sorted(readings, key=lambda one: one.time)
    cut = data.draw(st.integers(0, len(readings)))
    again = data.draw(st.integers(0, cut))
    _, changes = play(readings, by)
    half, first = play(readings[:cut], by)
    _, second = play(readings[again:], by, through_json(half))

    assert first + second == changes


@given(floods(), _PROFILES)
def test_the_same_readings_give_the_same_changes(readings: list[WaterReading], by: ThresholdProfile) -> None:
    assert play(readings, by) == play(readings, by)


@given(floods(), _PROFILES)
def test_changes_are_a_chain_that_never_goes_back_in_time(readings: list[WaterReading], by: ThresholdProfile) -> None:
    state, changes = play(readings, by)

    repeated = [(one, other) for one, other in itertools.pairwise(changes) if other.before is other.after]
    assert all(
        one.grounds.is_unconfirmed or (other.at - one.at).total_seconds() >= RENEWS_S for one, other in repeated
    ), "a level is issued again only when it is confirmed or renewed"
    assert all(one.after is other.before for one, other in itertools.pairwise(changes))
    assert all(one.at <= other.at for one, other in itertools.pairwise(changes))
    assert [change.before.word for change in changes[:1]] in ([], ["none"])
    assert state.level.word == (changes[-1].after.word if changes else "none")


@given(floods(), _PROFILES)
def test_a_reading_twice_in_a_row_says_nothing_twice(readings: list[WaterReading], by: ThresholdProfile) -> None:
    _, once = play(readings, by)
    _, twice = play([one for one in readings for _ in range(2)], by)

    assert twice == once


@given(floods(), _PROFILES)
def test_what_could_not_be_measured_never_raises_sooner(readings: list[WaterReading], by: ThresholdProfile) -> None:
    _, all_of_them = play(readings, by)
    measured = [one for one in readings if one.depth_mm is not None and one.quality != Quality.MISSING]
    _, only_measured = play(measured, by)

    if len(measured) == len(readings):
        assert only_measured == all_of_them
    elif all_of_them:
        assert only_measured
        assert only_measured[0].at <= all_of_them[0].at


@given(floods(), _PROFILES)
def test_a_rise_has_grounds_that_support_it(readings: list[WaterReading], by: ThresholdProfile) -> None:
    state = SiteState()
    for one in readings:
        state, change = evaluate(state, one, policy_of(site(by=by)))
        if change and change.after > change.before:
            grounds = change.grounds
            assert grounds.threshold_mm == by.depth_mm(change.after)
            assert grounds.depth_mm is not None
            assert (grounds.depth_mm >= grounds.threshold_mm) == (grounds.rule == "observed")
            assert (grounds.eta_s is not None) == (grounds.rule == "predicted")
