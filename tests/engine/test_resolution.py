"""The registered resolution of a gauge: a single step is neither a fault nor a rise."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import WarningMessage, WarningRule
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.gauge import GaugeState
from rencheng.engine.traits import GaugeTraits
from tests.support.evaluation import messages_of
from tests.support.gauge_play import at, reading, site

RESOLUTIONS_MM = st.sampled_from([1.0, 5.0, 10.0, 20.0, 50.0])
TYPES = st.sampled_from([SiteType.ROAD, SiteType.UNDERPASS, SiteType.CHARGING_STATION])


def played(
    depths_mm: Sequence[float], resolution_mm: float, site_type: SiteType = SiteType.ROAD
) -> tuple[list[WarningMessage], GaugeState]:
    """Return the messages about depths a minute apart, each rounded to the registered resolution, and the gauge."""
    evaluator = Evaluator(street_model())
    place = replace(site(by=default_profile(site_type)), site_type=site_type)
    evaluator.set_sites({place.site_id: place}, {"G1": GaugeTraits(resolution_mm=resolution_mm)})
    found: list[WarningMessage] = []
    for minute, mm in enumerate(depths_mm):
        rounded_mm = resolution_mm * round(mm / resolution_mm)
        found += messages_of(evaluator, reading(minute, rounded_mm), at(minute))
    return found, evaluator.record(place.site_id).state.gauges["G1/0"]


@settings(max_examples=40)
@given(st.lists(st.booleans(), min_size=20, max_size=80), RESOLUTIONS_MM, TYPES)
def test_a_step_up_and_down_is_no_fault_and_no_rise(
    is_up: list[bool], resolution_mm: float, site_type: SiteType
) -> None:
    found, gauge = played([0.0] * 30 + [resolution_mm * up for up in is_up], resolution_mm, site_type)

    assert gauge.health.fault is None
    assert gauge.health.fault_score == 0.0
    assert WarningRule.PREDICTED not in {one.grounds.rule for one in found}


@settings(max_examples=20)
@given(st.floats(3.0, 20.0), RESOLUTIONS_MM, TYPES)
def test_water_that_rises_is_warned_of_at_any_resolution(
    mm_per_min: float, resolution_mm: float, site_type: SiteType
) -> None:
    depths_mm = [0.0] * 30 + [mm_per_min * minute for minute in range(int(450 / mm_per_min))]
    found, _ = played(depths_mm, resolution_mm, site_type)
    first = {level: next(one.issued_at for one in found if one.level >= level) for level in Level if level}

    for level, moment in first.items():
        reached = next(
            minute for minute, mm in enumerate(depths_mm) if mm >= default_profile(site_type).depth_mm(level)
        )
        assert moment <= at(reached + resolution_mm / mm_per_min + 1)
