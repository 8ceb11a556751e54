"""Gauges as cities have them, each kind at each interval: nobody drowns because of how a gauge reports."""

from itertools import product

import pytest

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import SiteNoticeKind
from tests.support.made_gauges import (
    DROWNING,
    Samples,
    Water,
    along,
    burst,
    every,
    in_steps,
    on_change,
    played,
    replaced,
    rounded,
    second_above,
)

STEPS_MIN = (1, 5, 10, 15, 30, 60)
TYPES = [one for one in SiteType if one is not SiteType.CHANNEL]
RISES: dict[str, Water] = {
    "at once": burst(900, stands=400),
    "steep and uneven": along((60, 0), (61, 90), (62, 285), (63, 415), (64, 530), (65, 620), (500, 620), (560, 0)),
    "steep at five minutes": along((60, 0), (65, 130), (70, 400), (75, 535), (80, 650), (500, 650), (560, 0)),
    "moderate": along((60, 0), (100, 600), (500, 600), (560, 0)),
    "slow": along((60, 0), (240, 540), (600, 540), (660, 0)),
}
LONE_MINUTE = 15.0
"""A jump that stands alone, seen every minute, is known at the latest so long after its second sample."""


def threshold_mm(site_type: SiteType, level: Level) -> float:
    return default_profile(site_type).depth_mm(level)


@pytest.mark.parametrize("rise", RISES)
@pytest.mark.parametrize("site_type", TYPES)
@pytest.mark.parametrize("step_min", STEPS_MIN)
def test_a_flood_is_known_by_the_second_sample_above(step_min: int, site_type: SiteType, rise: str) -> None:
    samples = every(RISES[rise], step_min, 420)
    course = played(site_type, samples)

    for level in (Level.YELLOW, Level.RED):
        second = second_above(samples, threshold_mm(site_type, level))
        if second is not None:
            is_lone = step_min == 1 and rise == "at once" and site_type not in DROWNING
            assert course.known(second + (LONE_MINUTE if is_lone else 0)) >= level, (level, second, course.__dict__)


@pytest.mark.parametrize("site_type", DROWNING)
@pytest.mark.parametrize("step_min", STEPS_MIN)
def test_where_people_drown_the_first_sample_above_warns(step_min: int, site_type: SiteType) -> None:
    samples = every(RISES["at once"], step_min, 420)
    first = next(at for at, mm in samples if (mm or 0) >= threshold_mm(site_type, Level.RED))

    assert played(site_type, samples).level(first) is Level.RED


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERPASS])
@pytest.mark.parametrize("resolution_mm", [10, 50])
@pytest.mark.parametrize("heartbeat_min", [60, 360, 720])
@pytest.mark.parametrize("mm_per_min", [5, 15, 30])
def test_a_gauge_that_reports_on_change(
    site_type: SiteType, resolution_mm: int, heartbeat_min: int, mm_per_min: float
) -> None:
    water = along((60, 0), (60 + 420 / mm_per_min, 420), (240, 420), (300, 0))
    samples = rounded(on_change(water, 1500, heartbeat_min=heartbeat_min, changes_mm=resolution_mm), resolution_mm)
    course = played(site_type, samples)
    above = next(at for at, mm in samples if (mm or 0) >= threshold_mm(site_type, Level.YELLOW))

    assert course.known(above + 2) >= Level.YELLOW, course.__dict__
    assert course.level(1500) is Level.NONE


@pytest.mark.parametrize(
    ("step_min", "site_type"),
    [
        (5, SiteType.ROAD),
        (10, SiteType.ROAD),
        *product((1, 5, 10), (SiteType.UNDERPASS, SiteType.UNDERGROUND_CAR_PARK)),
    ],
)
@pytest.mark.parametrize("heights_mm", [(270,), (50, 150, 270, 400), (100, 300)], ids=str)
def test_a_switch_and_electrodes_are_known_by_the_second_sample(
    step_min: int, site_type: SiteType, heights_mm: tuple[float, ...]
) -> None:
    samples = in_steps(every(RISES["moderate"], step_min, 300), heights_mm)
    course = played(site_type, samples)
    reached = max(mm for _, mm in samples if mm is not None)
    level = max(one for one in WARNING_LEVELS if threshold_mm(site_type, one) <= reached)
    second = second_above(samples, reached)

    assert second is not None
    assert course.known(second + 2) >= level, course.__dict__


@pytest.mark.parametrize("step_min", STEPS_MIN)
@pytest.mark.parametrize("wet", [1, 6, 12])
def test_of_twelve_gauges_the_one_under_water_counts(step_min: int, wet: int) -> None:
    dry, deep = every(along((0, 0)), step_min, 300), every(RISES["moderate"], step_min, 300)
    gauges = {f"g{number}": deep if number <= wet else dry for number in range(1, 13)}
    second = second_above(deep, threshold_mm(SiteType.UNDERPASS, Level.RED))

    assert second is not None
    assert played(SiteType.UNDERPASS, gauges).level(second) is Level.RED


@pytest.mark.parametrize("step_min", [1, 5, 10])
@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL])
@pytest.mark.parametrize("reboot_min", [3, 10, 14])
def test_zeros_of_a_gauge_that_starts_again_end_no_flood(step_min: int, site_type: SiteType, reboot_min: int) -> None:
    samples = replaced(every(RISES["moderate"], step_min, 400), 150, 150 + reboot_min, 0.0)
    course = played(site_type, samples)

    assert min(course.level(at) for at in range(130, 400)) is Level.RED, course.__dict__


@pytest.mark.parametrize("step_min", [1, 5, 15])
@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL])
def test_a_gauge_that_cannot_measure_under_water_ends_no_flood(step_min: int, site_type: SiteType) -> None:
    samples = replaced(every(RISES["moderate"], step_min, 480), 110, 440, None)
    course = played(site_type, samples)
    lost, restored = course.count(SiteNoticeKind.MONITORING_LOST), course.count(SiteNoticeKind.MONITORING_RESTORED)

    assert min(course.level(at) for at in range(130, 440)) is Level.RED, course.__dict__
    assert (lost <= 2, restored <= 1) == (True, True), course.notices


@pytest.mark.parametrize("step_min", [1, 5, 15])
@pytest.mark.parametrize("offset_mm", [-200, -60, -20])
def test_a_zero_below_the_street_hides_no_flood_that_reaches_the_threshold(step_min: int, offset_mm: int) -> None:
    samples: Samples = [(at, (mm or 0) + offset_mm) for at, mm in every(RISES["moderate"], step_min, 300)]
    second = second_above(samples, threshold_mm(SiteType.ROAD, Level.YELLOW))

    assert second is not None
    assert played(SiteType.ROAD, samples).level(second) >= Level.YELLOW


@pytest.mark.parametrize("step_min", [1, 5])
@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERPASS])
def test_a_puddle_that_stands_for_a_day_is_no_fault(step_min: int, site_type: SiteType) -> None:
    samples = rounded(every(along((60, 0), (90, 40), (1500, 40), (1515, 300), (1600, 300)), step_min, 1590), 10)
    second = second_above(samples, threshold_mm(site_type, Level.YELLOW))
    course = played(site_type, samples)

    assert second is not None
    assert course.level(second) >= Level.YELLOW
    assert course.count(SiteNoticeKind.MONITORING_LOST) == 0, course.notices


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERPASS, SiteType.CHARGING_STATION])
@pytest.mark.parametrize("step_min", [1, 5, 10, 30])
@pytest.mark.parametrize("silent_min", [20, 180])
def test_a_gauge_that_returns_from_silence_in_a_flood_warns(
    site_type: SiteType, step_min: int, silent_min: int
) -> None:
    samples = [
        (at, mm) for at, mm in every(burst(800, 10, at=65, stands=400), step_min, 400) if not 60 < at <= 60 + silent_min
    ]
    second = second_above(samples, threshold_mm(site_type, Level.RED))
    course = played(site_type, samples)

    assert second is not None
    assert course.known(second) is Level.RED, course.__dict__
    assert not [at for at, kind, _ in course.notices if kind is SiteNoticeKind.MONITORING_RESTORED and at < second]
