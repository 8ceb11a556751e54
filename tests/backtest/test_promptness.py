"""No setting of the engine is slower than a bare threshold with two samples, and more evidence never delays."""

from dataclasses import replace
from itertools import accumulate, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile
from tests.support.made_gauges import DROWNING, Course, Samples, made_site, second_above, site_played

STEPS_MIN = (1, 5, 10, 15, 30)
TYPES = st.sampled_from([one for one in SiteType if one is not SiteType.CHANNEL])
NOISE_MM = 10.0
"""A rise by more than this is no noise. Source: FloodNet's filters, which treat up to 10 mm as 0."""

LONE_MIN = 95.0
"""A jump that stands alone and is seen every minute is doubtful after this time at the latest (`doubt.STANDS_S`)."""


@st.composite
def floods(draw: st.DrawFn) -> Samples:
    """Return samples of a dry street, rises of any size, and water that stands or moves within noise."""
    step_min = draw(st.sampled_from(STEPS_MIN))
    dry = draw(st.lists(st.integers(0, 4), min_size=3, max_size=12))
    rises = draw(st.lists(st.one_of(st.integers(11, 60), st.integers(11, 700)), min_size=1, max_size=6))
    tops = list(accumulate(rises))
    after = [tops[-1] + draw(st.integers(-2, 2)) for _ in range(100 if step_min == 1 else 3)]
    return [(step_min * count, float(mm)) for count, mm in enumerate([*dry, *tops, *after])]


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Return a site of any type, thresholds and times."""
    site_type = draw(TYPES)
    depths = draw(st.one_of(st.none(), st.lists(st.integers(40, 800), min_size=4, max_size=4).map(sorted)))
    profile = default_profile(site_type)
    if depths:
        thresholds = zip(WARNING_LEVELS, depths, strict=True)
        profile = ThresholdProfile({level: DepthThreshold(mm, "test") for level, mm in thresholds})
    horizon_s, down_hold_s = draw(st.sampled_from([0.0, 600.0, 1800.0])), draw(st.sampled_from([0.0, 600.0]))
    return replace(made_site(site_type), profile=replace(profile, horizon_s=horizon_s, down_hold_s=down_hold_s))


def rises_nearby(at: float) -> dict[str, Samples]:
    """Return rapid rises at three roads that begin some minutes before."""
    return {f"s{number}": [(at - 5 + count, 40.0 * max(0, count - 1)) for count in range(6)] for number in range(3)}


@settings(max_examples=100, deadline=None)
@given(sites(), floods())
def test_no_setting_is_slower_than_a_bare_threshold_with_two_samples(site: Site, samples: Samples) -> None:
    course = site_played(site, samples)
    is_patient = samples[1][0] == 1 and site.site_type not in DROWNING

    for level in WARNING_LEVELS[1:]:
        second = second_above(samples, site.profile.depth_mm(level))
        if second is not None and (not is_patient or second + LONE_MIN <= samples[-1][0]):
            assert course.known(second + (LONE_MIN if is_patient else 0)) >= level


@settings(max_examples=60, deadline=None)
@given(TYPES, st.sampled_from(STEPS_MIN[1:]), st.lists(st.integers(0, 900), min_size=2, max_size=6))
def test_water_that_drains_within_a_long_interval_is_known_by_its_second_sample(
    site_type: SiteType, step_min: int, depths_mm: list[int]
) -> None:
    """Rises and falls of any size."""
    samples: Samples = [(step_min * count, float(mm)) for count, mm in enumerate([*[0] * 8, *depths_mm])]
    second = second_above(samples, default_profile(site_type).depth_mm(Level.YELLOW))
    course = site_played(made_site(site_type), samples)

    assert second is None or course.known(second) >= Level.YELLOW, course.__dict__


@settings(max_examples=60, deadline=None)
@given(TYPES, floods(), st.booleans(), st.booleans())
def test_more_evidence_never_delays(site_type: SiteType, samples: Samples, is_raining: bool, has_others: bool) -> None:
    begins = next(at for at, mm in samples if (mm or 0) > NOISE_MM)
    rain: Samples = [(begins - 5 * step, 4.0 if step < 4 else 0.0) for step in range(30, -3, -1)] if is_raining else []
    others = rises_nearby(begins) if has_others else {}
    alone = site_played(made_site(site_type), samples)
    helped = site_played(made_site(site_type, has_rain=is_raining), samples, rain=rain, others=others)

    for level in WARNING_LEVELS:
        at = first_at(alone, samples, level)
        assert at is None or helped.known(at) >= level, (level, at, alone.__dict__, helped.__dict__)


def first_at(course: Course, samples: Samples, level: Level) -> float | None:
    """Return when a level is first known."""
    return next((at for at, _ in samples if course.known(at) >= level), None)


@settings(max_examples=60, deadline=None)
@given(sites(), floods(), st.booleans())
def test_three_samples_each_higher_than_the_last_are_known_by_the_third(
    site: Site, samples: Samples, has_others: bool
) -> None:
    depths = [mm or 0.0 for _, mm in samples]
    first = next(count for count, mm in enumerate(depths) if mm > NOISE_MM)
    course = site_played(site, samples, others=rises_nearby(samples[first][0]) if has_others else {})

    rises = takewhile(lambda count: depths[count] - depths[count - 1] > NOISE_MM, range(first, len(depths)))
    for count in list(rises)[2:]:
        for level in WARNING_LEVELS:
            if depths[count] >= site.profile.depth_mm(level):
                assert course.known(samples[count][0]) >= level, (samples[count], course.__dict__)


@settings(max_examples=100, deadline=None)
@given(sites(), floods(), st.booleans())
def test_three_samples_each_higher_than_the_last_warn_by_the_third(
    site: Site, samples: Samples, has_others: bool
) -> None:
    """At an interval of a minute a doubt counts: an uneven jump may be a thing that is put there bit by bit."""
    depths = [mm or 0.0 for _, mm in samples]
    first = next(count for count, mm in enumerate(depths) if mm > NOISE_MM)
    course = site_played(site, samples, others=rises_nearby(samples[first][0]) if has_others else {})

    level_at = course.known if samples[1][0] == 1 else course.level
    rises = takewhile(lambda count: depths[count] - depths[count - 1] > NOISE_MM, range(first, len(depths)))
    for count in list(rises)[2:]:
        for level in WARNING_LEVELS:
            if depths[count] >= site.profile.depth_mm(level):
                assert level_at(samples[count][0]) >= level, (samples[count], course.__dict__)
