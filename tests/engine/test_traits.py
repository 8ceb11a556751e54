"""What the registry says of a gauge, or its reports show, decides what is read from it and when it is silent."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from rencheng.checks.limits import read_limits
from rencheng.domain.device import Device, GaugeKind
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType
from rencheng.engine.evaluate import evaluate
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.site_policy import policy_of
from rencheng.engine.staleness import max_silence_s
from rencheng.engine.state import SiteState
from rencheng.engine.traits import PLAIN, GaugeTraits, expected_interval_s, traits_of
from tests.support.evaluation import notices_of
from tests.support.gauge_play import at, reading, site, steady

ROAD = replace(site("S", "G1"), site_type=SiteType.ROAD)
GAUGE = Device("G1", Kind.WATERLOGGING, "370102")
SWITCH = replace(GAUGE, measures=GaugeKind.SWITCH, steps_mm=(270.0,))
CHAIN = replace(GAUGE, measures=GaugeKind.ELECTRODE, steps_mm=(50.0, 150.0, 270.0, 400.0))

Levels = list[tuple[float, str]]
"""The minute and the level of each change."""


def levels(readings: Iterable[WaterReading], device: Device) -> Levels:
    policy, state, found = policy_of(ROAD, traits={"G1": traits_of(device)}), SiteState(), Levels()
    for one in readings:
        state, change = evaluate(state, one, policy)
        if change:
            found.append(((one.time - at(0)).total_seconds() / 60, change.after.word))
    return found


@pytest.mark.parametrize("on", [1.0, 270.0, 5.0])
@pytest.mark.parametrize("step_min", [1, 5, 15])
def test_a_switch_is_its_height_and_accepted_at_its_second_sample(on: float, step_min: int) -> None:
    dry, wet = range(0, 20 * step_min, step_min), range(20 * step_min, 60 * step_min, step_min)
    found = levels([*steady(0, dry), *steady(on, wet)], SWITCH)

    assert [word for _, word in found] == ["orange"] * len(found)
    assert min(minute for minute, _ in found) in (20 * step_min, 21 * step_min)


def test_a_switch_that_flickers_once_raises_nothing_and_one_that_falls_is_no_fault() -> None:
    flicker = [reading(minute, 1.0 if minute == 30 else 0.0) for minute in range(60)]
    assert levels(flicker, SWITCH) == []

    tides = [reading(minute, 1.0 if minute % 200 > 100 else 0.0) for minute in range(2000)]
    assert [word for _, word in levels(tides, SWITCH)] == ["orange", "none"] * 9 + ["orange"]


@pytest.mark.parametrize("step_min", [1, 5, 10])
def test_each_electrode_is_a_depth_of_at_least_its_height(step_min: int) -> None:
    depths = [0.0] * 10 + [55.0] * 3 + [152.0] * 3 + [401.0] * 6
    found = levels([reading(step_min * place, mm) for place, mm in enumerate(depths)], CHAIN)

    assert {word: minute / step_min for minute, word in found}["red"] <= 17
    assert {word: minute / step_min for minute, word in found}["yellow"] <= 14


def test_a_gauge_of_which_nothing_is_registered_is_plain() -> None:
    assert traits_of(GAUGE) is PLAIN
    assert policy_of(ROAD, traits={"G1": PLAIN}).traits == {}


def test_limits_of_an_operator_reach_the_engine() -> None:
    limits = read_limits('[street.stuck_s]\nvalue = 43200\nsource = "survey"\n')
    traits = traits_of(GAUGE, limits)
    assert traits.limits is not None
    assert traits.limits.stuck_s == 43200

    own = read_limits('[weir.stuck_s]\nvalue = 86400\nsource = "survey"\n')
    assert traits_of(GAUGE, own) is PLAIN
    weir = traits_of(replace(GAUGE, gauge="weir"), own)
    assert weir.limits is not None
    still = [reading(minute, 100.0 + minute % 2 * 0.1) for minute in range(0, 9 * 60, 5)]
    assert fault_of(still, weir) is None
    assert fault_of(still, PLAIN) == "stuck"


def fault_of(readings: Iterable[WaterReading], traits: GaugeTraits) -> str | None:
    state, policy = SiteState(), policy_of(ROAD, traits={"G1": traits})
    for one in readings:
        state, _ = evaluate(state, one, policy)
    return state.gauges["G1/0"].health.fault


def notices(device: Device, readings: Iterable[WaterReading], minutes: int) -> list[str]:
    """Return the notices of a site while another one is the clock."""
    evaluator = Evaluator()
    here = replace(ROAD, world="drill")
    evaluator.set_sites({"S": here, "clock": site("clock", "C", world="drill")}, {"G1": traits_of(device)})
    found = []
    for one in sorted([*readings, *steady(0, range(minutes), "C")], key=lambda each: each.time):
        found += [notice.kind.value for notice in notices_of(evaluator, one, one.time) if notice.site_id == "S"]
    return found


def heartbeats(every_min: int, until_min: int) -> list[WaterReading]:
    return steady(0, range(0, until_min, every_min))


@pytest.mark.parametrize("hours", [6, 12, 24])
def test_a_gauge_that_reports_on_change_is_silent_when_its_heartbeat_is_overdue(hours: int) -> None:
    registered = replace(GAUGE, interval_s=20.0, interval_dry_s=3600.0 * hours)
    beats = heartbeats(60 * hours, 6 * 60 * hours)
    assert notices(registered, beats, 6 * 60 * hours) == []
    assert notices(registered, beats, 9 * 60 * hours) == ["monitoring_lost"]


def test_a_heartbeat_that_is_not_registered_is_learned() -> None:
    assert notices(GAUGE, heartbeats(360, 360 * 12), 360 * 12)[2:] == []


def on_change(heartbeat_min: int, flood_min: int, *, until_min: int) -> list[WaterReading]:
    """Heartbeats above a dry street; a flood of an hour, reported every minute, that falls to 0; heartbeats again."""
    beats = heartbeats(heartbeat_min, flood_min)
    flood = [reading(flood_min + minute, max(0.0, 300.0 - 10.0 * abs(30 - minute))) for minute in range(61)]
    return [*beats, *flood, *steady(0, range(flood_min + 60 + heartbeat_min, until_min, heartbeat_min))]


@pytest.mark.parametrize("heartbeat_min", [60, 360, 720])
def test_a_gauge_that_reports_on_change_is_not_lost_before_a_flood_nor_after_it(heartbeat_min: int) -> None:
    flood_min, until_min = 6 * heartbeat_min + 30, 12 * heartbeat_min
    found = notices(GAUGE, on_change(heartbeat_min, flood_min, until_min=until_min), until_min)

    assert found in ([], ["monitoring_lost", "monitoring_restored"])  # no interval is known before the second sample


@pytest.mark.parametrize(("minutes", "found"), [(85, []), (140, ["monitoring_lost"])])
def test_water_that_stands_is_reported_by_hourly_heartbeats(minutes: int, found: list[str]) -> None:
    extra = [reading(60 * 10 + 5 * place, 117.0 * place) for place in range(4)]

    assert notices(GAUGE, [*heartbeats(60, 600), *extra], 615 + minutes) == found


def test_a_gauge_with_a_long_heartbeat_that_dies_in_water_is_lost_as_soon_as_any() -> None:
    flood = [reading(360 * 6 + minute, min(300.0, 10.0 * minute)) for minute in range(60)]

    assert notices(GAUGE, [*heartbeats(360, 360 * 6), *flood], 360 * 6 + 60 + 35)[-1] == "monitoring_lost"


def test_a_registered_interval_and_latency_count_from_the_first_reading_on() -> None:
    registered: Mapping[str, GaugeTraits] = {"G1": traits_of(replace(GAUGE, interval_s=1800.0, latency_s=600.0))}
    state, _ = evaluate(SiteState(), reading(0, 20.0), policy_of(ROAD, traits=registered))
    gauge = state.gauges["G1/0"]
    assert expected_interval_s(gauge) == 1800.0
    assert max_silence_s(gauge, armed=False) == 5 * 1800.0 + 600.0
    assert max_silence_s(gauge, armed=True) == 3600.0 + 600.0
