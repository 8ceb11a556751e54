"""Gauges upstream and in manholes: they arm a site, and the grounds name them."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import ArmedBy, Certainty, MessageType, WarningMessage, WarningRule
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.inputs import ARMS_FOR_LAGS, LAG_S, armed_by
from tests.support.evaluation import messages_of
from tests.support.gauge_play import at, reading, site

UP = BoundSensor("U1", Role.UPSTREAM)
MANHOLE = BoundSensor("M1", Role.MANHOLE, crown_mm=800, rim_mm=2500)


def place(*sensors: BoundSensor) -> Site:
    bare = site("A", "G1", world="drill")
    return replace(bare, site_type=SiteType.ROAD, sensors=(BoundSensor("G1"), *sensors), depth_gauge_ids=())


def level(device_id: str, minute: float, mm: float) -> WaterReading:
    return WaterReading(device_id, 0, at(minute), depth_mm=mm)


def evaluated(one: Site, readings: Iterable[WaterReading]) -> tuple[Evaluator, list[WarningMessage]]:
    evaluator = Evaluator()
    evaluator.set_sites({one.site_id: one})
    in_order = sorted(readings, key=lambda each: each.time)
    return evaluator, [message for each in in_order for message in messages_of(evaluator, each, each.time)]


def rise(device_id: str, minute: float, base_mm: float = 400) -> list[WaterReading]:
    """Return a rise of 320 mm in eight minutes, after an hour of calm."""
    calm = [level(device_id, minute - 60 + step, base_mm + step % 2) for step in range(60)]
    return [*calm, *(level(device_id, minute + step, base_mm + 40 * step) for step in range(9))]


JUMP = [reading(0, 0), reading(1, 0), reading(2, 300), reading(3, 301)]


@pytest.mark.parametrize(
    ("sensor", "readings", "cause"),
    [
        (UP, rise("U1", -15), ArmedBy.UPSTREAM),
        (MANHOLE, [level("M1", step, 900) for step in range(-20, 3)], ArmedBy.SURCHARGE),
        (MANHOLE, [reading(-9, 0), *(level("M1", step, 2600) for step in range(-8, 3))], ArmedBy.OVERFLOW),
    ],
)
def test_water_upstream_or_in_the_sewer_arms_a_street_so_that_a_jump_is_accepted_sooner(
    sensor: BoundSensor, readings: list[WaterReading], cause: ArmedBy
) -> None:
    evaluator, warned = evaluated(place(sensor), [*readings, *JUMP])
    state = evaluator.record("A").state

    assert (warned[0].level.word, warned[0].grounds.rule, warned[0].issued_at) == ("orange", "observed", at(3))
    assert armed_by(state.inputs, {sensor.device_id: sensor}, at(3).timestamp()) == (cause, sensor.device_id)
    assert evaluated(place(), JUMP)[1] == []


@pytest.mark.parametrize(
    ("sensor", "readings"),
    [
        (UP, [level("U1", step, 400 + step % 3) for step in range(-60, 3)]),
        (UP, rise("U1", -180)),
        (UP, [level("U1", -3, 400), level("U1", -2, 401), level("U1", -1, 900), level("U1", 0, 400)]),
        (MANHOLE, [level("M1", step, 700) for step in range(-20, 3)]),
        (MANHOLE, [level("M1", step, 900) for step in range(-90, -60)]),
    ],
)
def test_calm_a_spike_a_rise_of_long_ago_and_a_silent_manhole_arm_nothing(
    sensor: BoundSensor, readings: list[WaterReading]
) -> None:
    assert evaluated(place(sensor), [*readings, *JUMP])[1] == []


def test_the_grounds_name_the_gauge_without_which_the_level_would_not_be_expected_yet() -> None:
    rises = [reading(minute, max(0, 12 * minute)) for minute in range(-5, 12)]
    armed = evaluated(place(UP), [*rise("U1", -15), *rises])[1]
    alone = evaluated(place(), rises)[1]

    assert {(one.grounds.armed_by, one.grounds.armed_by_source) for one in alone} == {(ArmedBy.NOTHING, "")}
    by = {(one.grounds.armed_by, one.grounds.armed_by_source) for one in armed if one.grounds.rule == "predicted"}
    assert by <= {(ArmedBy.NOTHING, ""), (ArmedBy.UPSTREAM, "U1")}
    assert all(one.issued_at <= other.issued_at for one, other in zip(armed, alone, strict=False))


def test_the_lag_is_learned_from_the_floods_of_the_site() -> None:
    floods = []
    for day in range(3):
        begin = day * 1440
        floods += rise("U1", begin)
        floods += [reading(begin + minute, 0) for minute in range(-30, 55)]
        floods += [reading(begin + 55 + step, 12 * step) for step in range(10)]
        floods += [reading(begin + 65 + step, max(0, 110 - 12 * step)) for step in range(40)]
    inputs = evaluated(place(UP), floods)[0].record("A").state.inputs["U1"]

    assert inputs.lags_s == pytest.approx([53 * 60.0] * 3, abs=180)
    rose_s = inputs.rose_s or 0.0
    bound, surveyed = {"U1": UP}, {"U1": replace(UP, lag_s=600.0)}
    assert armed_by({"U1": inputs}, bound, rose_s + 100 * 60)[0] is ArmedBy.UPSTREAM
    assert armed_by({"U1": inputs}, surveyed, rose_s + 100 * 60)[0] is ArmedBy.NOTHING


@settings(max_examples=30, deadline=None)
@given(
    st.floats(2, 60),
    st.integers(3, 12),
    st.floats(0, 3000),
    st.floats(0, 3 * ARMS_FOR_LAGS * LAG_S),
)
def test_a_rise_upstream_arms_for_twice_its_lag_whatever_its_step_and_its_base(
    step_min: float, samples: int, base_mm: float, after_s: float
) -> None:
    """Each sample is 60 mm above the one before."""
    calm = [level("U1", step * step_min, base_mm) for step in range(6)]
    rising = [level("U1", (6 + step) * step_min, base_mm + 60 * (step + 1)) for step in range(samples)]
    evaluator, warned = evaluated(place(UP), [*calm, *rising])
    state = evaluator.record("A").state
    armed = armed_by(state.inputs, {"U1": UP}, rising[-1].time.timestamp() + after_s)[0]

    assert warned == []
    assert bool(armed) == (after_s <= ARMS_FOR_LAGS * LAG_S)


def test_an_input_is_no_depth_gauge_of_the_site_and_is_forgotten_when_it_is_unbound() -> None:
    one = place(UP)
    evaluator, warned = evaluated(one, [level("U1", minute, 900 + 60 * minute) for minute in range(20)])

    assert warned == []
    assert evaluator.record("A").state.gauges == {}
    assert evaluator.has_no_data("A", at(20))
    evaluator.set_sites({"A": place()})
    assert evaluator.record("A").state.inputs == {}


@pytest.mark.parametrize(
    ("sensor", "finding"),
    [
        ({"role": Role.DEPTH, "lag_s": 60.0}, "lag_s is of role upstream"),
        ({"role": Role.UPSTREAM, "rim_mm": 60.0}, "crown_mm and rim_mm are of role manhole"),
        ({"role": Role.MANHOLE}, "role manhole needs crown_mm or rim_mm"),
        ({"role": Role.MANHOLE, "crown_mm": 900.0, "rim_mm": 800.0}, "rim_mm 800 must be above crown_mm 900"),
    ],
)
def test_what_does_not_belong_to_a_role_is_rejected(sensor: dict[str, object], finding: str) -> None:
    with pytest.raises(ValueError, match=finding):
        BoundSensor("X", **sensor)  # type: ignore[arg-type]


def test_a_manhole_that_overflows_where_no_gauge_measures_is_a_warning_of_its_own() -> None:
    over = [level("M1", step, 2600) for step in range(30)]
    after = [level("M1", 30 + step, 2000) for step in range(30)]

    _, warned = evaluated(place(MANHOLE), [reading(-60, 0), *over, *after])

    assert [(one.level, one.certainty, one.grounds.rule, one.message_type) for one in warned] == [
        (Level.BLUE, Certainty.POSSIBLE, WarningRule.OVERFLOWS, MessageType.ALERT),
        (Level.BLUE, Certainty.OBSERVED, WarningRule.RECEDED, MessageType.CANCEL),
    ]
    assert (warned[0].grounds.device_id, warned[0].grounds.depth_mm) == ("M1", None)
    assert [one.issued_at for one in warned] == [at(1), at(40)]  # the second sample, and ten minutes after the last


def test_where_people_drown_an_overflow_is_yellow_and_a_gauge_that_measures_decides_instead() -> None:
    underpass = replace(place(MANHOLE), site_type=SiteType.UNDERPASS)
    over = [level("M1", step, 2600) for step in range(30)]
    dry = [reading(step + 0.5, 0) for step in range(-2, 30)]

    assert [one.level for one in evaluated(underpass, over)[1]] == [Level.YELLOW]
    assert evaluated(underpass, [*over, *dry])[1] == []
    assert evaluated(place(UP), [level("U1", step, 2600) for step in range(30)])[1] == []


def test_a_manhole_gauge_that_falls_silent_in_an_overflow_holds_it_for_a_day() -> None:
    over = [level("M1", step, 2600) for step in range(3)]
    live = replace(place(MANHOLE), world=ACTUAL)
    evaluator, warned = evaluated(live, over)
    for minute in range(0, 36 * 60, 10):
        warned += [one.message for each in evaluator.tick(at(minute)) if (one := evaluator.commit(each)).message]

    ends = warned[-1]
    assert [one.grounds.rule for one in warned] == ["overflows", "renewed", "renewed", "receded"]
    assert (ends.message_type, ends.issued_at > at(24 * 60)) == (MessageType.CANCEL, True)
