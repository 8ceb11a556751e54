"""How many messages and notices a site gets: a pump, a tide, a gauge that fails."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.skill import engine
from benchmarks.skill.klab import thresholds_above
from benchmarks.skill.recordings import river_levels
from rencheng.backtest.replay import IssuedNotice, judge_and_notice
from rencheng.domain.site import SiteType
from rencheng.domain.warning import SiteNoticeKind
from tests.support.made_gauges import DROWNING, Samples, played

PUMP_MESSAGES_MAX = 15
"""In eight hours of pumping. Source: issue 13, bar 4."""

TIDE_MESSAGES_MAX = 2
"""A tide, from the third day on. Source: issue 13, bar 4."""

FAILING_NOTICES_MAX = 20
"""In 30 days of a failing gauge. Source: issue 13, bar 4."""

MONTH_S = 30 * 86_400.0
TIDE_MIN = 12.42 * 60


def pumped(period_min: float, low_mm: float, high_mm: float) -> Samples:
    """Return eight hours in which a pump holds water between two depths, after a rise of 15 mm a minute."""
    dice = random.Random(f"{period_min} {low_mm} {high_mm}")  # noqa: S311 - seeded noise
    middle, half = (low_mm + high_mm) / 2, (high_mm - low_mm) / 2
    rise_min = middle / 15
    found: Samples = []
    for minute in range(-60, int(60 + rise_min + 480)):
        since = minute - 60 - rise_min
        swing = middle + half * math.sin(2 * math.pi * since / period_min)
        depth_mm = max(0.0, 15.0 * (minute - 60)) if since < 0 else swing
        found.append((minute, round(depth_mm + dice.gauss(0, 1.5))))
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([*DROWNING, SiteType.ROAD]),
    st.sampled_from([5, 6, 10, 15, 20, 30, 40, 60]),
    st.integers(60, 250),
    st.integers(20, 120),
)
def test_a_pump_cycle_is_few_messages(site_type: SiteType, period_min: int, low_mm: int, swing_mm: int) -> None:
    course = played(site_type, pumped(period_min, low_mm, low_mm + swing_mm))

    assert len(course.levels) <= PUMP_MESSAGES_MAX, course.levels


@pytest.mark.parametrize(("step_min", "high_mm"), [(1, 200), (5, 80), (5, 160), (15, 80), (15, 200)])
def test_a_week_of_tide_is_few_messages(step_min: int, high_mm: float) -> None:
    """From the third day on, because the tide is learned from its recurrence."""
    dice = random.Random(step_min)  # noqa: S311 - seeded noise
    minutes = range(0, 7 * 1440, step_min)
    tide = ((minute, high_mm * math.sin(2 * math.pi * (minute / TIDE_MIN - 0.25))) for minute in minutes)
    course = played(SiteType.ROAD, [(minute, round(max(0.0, mm) + dice.gauss(0, 1.5))) for minute, mm in tide])
    later = [minute for minute, _ in course.levels if minute > 2 * 1440]

    assert len(later) <= TIDE_MESSAGES_MAX * 5 * 1440 / TIDE_MIN, course.levels


@pytest.mark.parametrize("site_type", [SiteType.CHANNEL, SiteType.ROAD])
@pytest.mark.parametrize("sensor", ["067a_ptk018", "049a_det024", "106a_mdot6140"])
def test_thirty_real_days_of_a_failing_gauge_are_few_notices(sensor: str, site_type: SiteType) -> None:
    samples = next(series.samples for series in river_levels() if series.name == sensor)
    first = [(at, mm) for at, mm in samples if at < samples[0][0] + MONTH_S]
    usual_mm = sorted(mm for _, mm in first)[len(first) // 2]
    sites = engine.sites_of({sensor: thresholds_above(usual_mm)}, site_type)
    issued = list(judge_and_notice(sites, engine.rows_of({sensor: first})))

    assert sum(isinstance(one, IssuedNotice) for one in issued) <= FAILING_NOTICES_MAX


@pytest.mark.parametrize("null_share", [0.1, 0.3, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("runs_min", [1, 7, 45, 400])
def test_a_gauge_that_measures_now_and_then_is_few_notices(null_share: float, runs_min: int) -> None:
    dice = random.Random(f"{null_share} {runs_min}")  # noqa: S311 - seeded noise
    samples: Samples = []
    while len(samples) < 30 * 1440 / 5:
        length = 1 + round(dice.expovariate(1 / runs_min) / 5)
        is_null = dice.random() < null_share
        samples += [(0, None if is_null else round(dice.gauss(0, 2))) for _ in range(length)]
    course = played(SiteType.ROAD, [(5.0 * count, mm) for count, (_, mm) in enumerate(samples)])
    notices = course.count(SiteNoticeKind.MONITORING_LOST) + course.count(SiteNoticeKind.MONITORING_RESTORED)

    assert notices <= FAILING_NOTICES_MAX, course.notices
    assert course.levels == []
