"""Noise above a dry street is no water, and water that rises out of noise is warned of as soon as out of none."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType
from rencheng.engine.evaluate import evaluate
from rencheng.engine.health.baseline import GREATEST_NOISE_MM, Noise, above_noise
from rencheng.engine.site_policy import policy_of
from rencheng.engine.state import SiteState
from tests.support.gauge_play import at, reading, site

WORDS: list[str] = [level.word for level in WARNING_LEVELS]


def changes(site_type: SiteType, readings: Iterable[WaterReading]) -> list[tuple[float, str]]:
    state, policy = SiteState(), policy_of(replace(site("S", "G1"), site_type=site_type))
    found: list[tuple[float, str]] = []
    for one in readings:
        state, change = evaluate(state, one, policy)
        if change:
            found.append(((one.time - at(0)).total_seconds() / 60, change.after.word))
    assert all(gauge.is_trusted for gauge in state.gauges.values())
    return found


def noisy(deviation_mm: float, seed: int, depths_mm: Iterable[float]) -> list[WaterReading]:
    random = Random(seed)  # noqa: S311 - no secret
    return [reading(minute, round(mm + random.gauss(0.0, deviation_mm))) for minute, mm in enumerate(depths_mm)]


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERGROUND_CAR_PARK])
@pytest.mark.parametrize("deviation_mm", [5.0, 10.0, 15.0, 25.0])
def test_a_noisy_gauge_above_a_dry_street_reports_nothing_for_a_day_and_keeps_its_trust(
    deviation_mm: float, site_type: SiteType
) -> None:
    found = [changes(site_type, noisy(deviation_mm, seed, [0.0] * 1440)) for seed in range(3)]

    assert [(minute, level) for each in found for minute, level in each if minute > 60] == []


@pytest.mark.parametrize("mm_per_min", [2.0, 10.0, 40.0])
@pytest.mark.parametrize("deviation_mm", [10.0, 25.0])
def test_a_flood_out_of_noise_is_warned_of_within_two_samples_above_each_threshold(
    deviation_mm: float, mm_per_min: float
) -> None:
    water_mm = [0.0] * 300 + [min(450.0, mm_per_min * minute) for minute in range(400)]
    found = changes(SiteType.ROAD, noisy(deviation_mm, 1, water_mm))

    for level, threshold_mm in (("yellow", 150.0), ("orange", 270.0), ("red", 400.0)):
        surely_mm = min(threshold_mm + 3.0 * deviation_mm, 450.0)
        above = [minute for minute, mm in enumerate(water_mm) if mm >= surely_mm]
        reached = [minute for minute, word in found if word in WORDS[WORDS.index(level) :]]
        assert min(reached) <= above[1]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60), st.integers(1, 60))
def test_water_that_only_rises_is_never_held_back(rises_mm: list[float], calm: int) -> None:
    noise: Noise | None = None
    before_mm, depth_mm = None, 0.0
    for mm in [*[0.0] * calm, *rises_mm]:
        depth_mm += mm
        counted_mm, noise = above_noise(noise, before_mm, depth_mm, is_dry_weather=True)
        assert counted_mm == depth_mm
        before_mm = depth_mm


@given(st.lists(st.tuples(st.floats(-300, 700), st.booleans()), min_size=1, max_size=200))
def test_deep_water_counts_at_its_first_sample_whatever_the_noise(samples: list[tuple[float, bool]]) -> None:
    noise: Noise | None = None
    before_mm: float | None = None
    deep = 0
    for depth_mm, is_dry_weather in samples:
        counted_mm, noise = above_noise(noise, before_mm, depth_mm, is_dry_weather=is_dry_weather)
        deep = deep + 1 if depth_mm >= 3.5 * GREATEST_NOISE_MM else 0
        assert counted_mm in (depth_mm, 0.0)
        if depth_mm >= 6.0 * GREATEST_NOISE_MM or deep > 1:
            assert counted_mm == depth_mm
        before_mm = depth_mm


def test_a_gauge_that_becomes_calm_again_has_no_noise() -> None:
    noise: Noise | None = None
    for one in noisy(15.0, 1, [0.0] * 300):
        _, noise = above_noise(noise, 0.0, one.depth_mm or 0.0, is_dry_weather=True)
    assert noise is not None
    assert noise.deviation_mm == pytest.approx(15.0, rel=0.3)
    for minute in range(600):
        _, noise = above_noise(noise, 0.0, minute % 3, is_dry_weather=True)
    assert noise is None
