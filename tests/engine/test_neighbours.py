"""Water that rises swiftly at other sites makes a flood here more probable: never less, and around them alone."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import ArmedBy, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.model import REGIONAL_EVENT_SITES
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.neighbours import CELL_DEGREES, OTHERS_MIN, RECENT_S, Neighbours
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.record import SiteRecord
from rencheng.engine.state import SiteState
from rencheng.engine.water.event import extend, is_rapid_rise, start
from tests.support.evaluation import messages_of
from tests.support.gauge_play import NOON, at, reading, site

ROAD = default_profile(SiteType.ROAD)
WORLD = "drill"
HERE = "S00"
RAPID = tuple(f"S{number:02}" for number in range(1, 1 + REGIONAL_EVENT_SITES))
CLOUDBURST_MM = (0, 0, 15, 50, 95, 150, 190, 210, 210)
SLOW_MM = (0, 0, 15, 26, 37, 48, 59, 70, 81)


def another(name: str) -> Site:
    return replace(site(name, f"gauge of {name}", by=ROAD, world=WORLD), site_type=SiteType.ROAD)


def rise(name: str, depths_mm: Sequence[float], begins_min: float = 0.0) -> list[WaterReading]:
    return [reading(begins_min + minute, mm, f"gauge of {name}") for minute, mm in enumerate(depths_mm)]


def new_evaluator(sites: dict[str, Site] | None = None, wait: timedelta = timedelta(0)) -> Evaluator:
    evaluator = Evaluator(street_model(), wait=wait)
    evaluator.set_sites(STREETS if sites is None else sites)
    return evaluator


def judged(evaluator: Evaluator, readings: Iterable[WaterReading]) -> list[WarningMessage]:
    return [message for one in readings for message in messages_of(evaluator, one, NOON)]


def chances(sites: dict[str, Site], *before: WaterReading) -> list[float]:
    """How probable the engine holds 150 mm at the first site, sample by sample of a slow rise, after others."""
    evaluator, found = new_evaluator(sites), list[float]()
    judged(evaluator, before)
    for one in rise(HERE, SLOW_MM, begins_min=20):
        messages_of(evaluator, one, NOON)
        forecast = evaluator.record(HERE).state.gauges[f"gauge of {HERE}/0"].forecast
        threshold = forecast.thresholds[1] if forecast and len(forecast.thresholds) > 1 else None
        found += [threshold.probability] if threshold else []
    return found


def city(*readings: WaterReading) -> list[WaterReading]:
    return sorted(readings, key=lambda one: (one.time, one.device_id))


STREETS = {name: another(name) for name in (f"S{number:02}" for number in range(OTHERS_MIN + 3))}
STORM = city(*(one for name in RAPID for one in rise(name, CLOUDBURST_MM)))


def test_a_storm_that_others_see_makes_a_flood_here_more_probable() -> None:
    alone, among = chances(STREETS), chances(STREETS, *STORM)

    assert len(alone) == len(among) > 0
    assert all(more >= less for more, less in zip(among, alone, strict=True))
    assert sum(among) > sum(alone) + 0.2


def test_sites_far_away_another_world_and_streams_say_nothing_of_it() -> None:
    alone = chances(STREETS)
    for elsewhere in ({"latitude": 37.1}, {"site_type": SiteType.CHANNEL}):
        sites = STREETS | {name: replace(STREETS[name], **elsewhere) for name in RAPID}
        more = {f"T{number}": another(f"T{number}") for number in range(REGIONAL_EVENT_SITES)}

        assert chances(sites | more, *STORM) == alone


def test_a_storm_knows_no_district() -> None:
    sites = STREETS | {name: replace(STREETS[name], region="370103", latitude=36.75) for name in RAPID}

    assert chances(sites, *STORM) == chances(STREETS, *STORM)


@given(st.floats(-60.0, 60.0), st.floats(-180.0, 179.0), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_neighbours_are_near_by_distance(latitude: float, longitude: float, north: float, east: float) -> None:
    here = replace(STREETS[HERE], latitude=latitude, longitude=longitude)
    there = {
        name: replace(one, latitude=latitude + north, longitude=longitude + east, region="370103")
        for name, one in STREETS.items()
        if name != HERE
    }
    near = Neighbours()
    near.set_sites([here, *there.values()])
    for name in RAPID:
        near.follow(there[name], SiteState(last_rapid_rise_s=NOON.timestamp()))

    found = near.rapid_rises_nearby(HERE, NOON)
    if max(abs(north), abs(east)) < CELL_DEGREES * 0.999:
        assert found == len(RAPID)
    if max(abs(north), abs(east)) > 2 * CELL_DEGREES:
        assert found is None


def test_a_tide_is_no_storm_and_an_hour_later_it_is_over() -> None:
    slow = city(*(one for name in RAPID for one in rise(name, [7.0 * minute for minute in range(20)])))
    long_ago = [replace(one, time=one.time - timedelta(seconds=RECENT_S + 600)) for one in STORM]

    assert chances(STREETS, *slow) == chances(STREETS, *long_ago) == chances(STREETS)


def test_where_few_sites_are_watched_their_silence_says_nothing() -> None:
    few = dict(list(STREETS.items())[:OTHERS_MIN])
    evaluator = new_evaluator(few)
    judged(evaluator, [*STORM, *rise(HERE, CLOUDBURST_MM, begins_min=10)])

    forecast = evaluator.record(HERE).state.gauges[f"gauge of {HERE}/0"].forecast
    assert forecast is not None
    assert forecast.rapid_rises_nearby is None


def test_the_warning_says_at_how_many_other_places_it_rose() -> None:
    found = judged(new_evaluator(), [*STORM, *rise(HERE, CLOUDBURST_MM, begins_min=10)])

    predicted = [one for one in found if one.site_id == HERE and one.grounds.rule == "predicted"]

    assert {one.grounds.rapid_rises_nearby for one in predicted} == {REGIONAL_EVENT_SITES}


ARMED_SLOWLY = (0, 0, 12, 26, 42, 58, 74, 90, 106, 120, 132, 140)


@pytest.mark.parametrize(
    ("rain_mm", "readiness", "armed_by", "source"),
    [
        (8.0, NO_SIGNAL, ArmedBy.RAIN, ""),
        (0.0, Readiness(Level.ORANGE, "rain signal X"), ArmedBy.WEATHER, "rain signal X"),
        (8.0, Readiness(Level.ORANGE, "rain signal X"), ArmedBy.RAIN, ""),
    ],
)
def test_a_warning_names_what_it_would_not_have_come_without_yet(
    rain_mm: float, readiness: Readiness, armed_by: ArmedBy, source: str
) -> None:
    wet = replace(
        another(HERE), sensors=(BoundSensor(f"gauge of {HERE}"), BoundSensor("R", Role.RAIN)), rain_gauge_ids=("R",)
    )
    calm, armed = Evaluator(street_model()), Evaluator(street_model(), lambda _site, _now: readiness)
    for evaluator in (calm, armed):
        evaluator.set_sites({HERE: wet})
    rising = rise(HERE, ARMED_SLOWLY)
    later = judged(calm, rising)
    fallen = [WaterReading("R", 0, at(minute), rain_mm=mm) for minute, mm in ((-5, 0.0), (0, rain_mm))]
    sooner = judged(armed, [*fallen, *rising])
    yellow = [next((one for one in found if one.level is Level.YELLOW), None) for found in (later, sooner)]

    assert yellow[1] is not None
    assert (yellow[1].grounds.rule, yellow[1].grounds.armed_by, yellow[1].grounds.armed_by_source) == (
        "predicted",
        armed_by,
        source,
    )
    assert yellow[0] is None or (yellow[0].issued_at > yellow[1].issued_at and not yellow[0].grounds.armed_by)


def test_in_a_storm_the_first_sample_that_stands_on_a_street_may_be_water() -> None:
    blue = replace(ROAD.thresholds[Level.BLUE], depth_mm=85.0)
    deeper = replace(STREETS[HERE], profile=replace(ROAD, thresholds=ROAD.thresholds | {Level.BLUE: blue}))
    levels = []
    for before in ([], STORM):
        evaluator = new_evaluator(STREETS | {HERE: deeper})
        judged(evaluator, [*before, *rise(HERE, [0, 0, 0, 76], begins_min=10)])
        levels.append(evaluator.record(HERE).state.level)

    assert levels == [Level.NONE, Level.BLUE]


@pytest.mark.parametrize(
    ("depths_mm", "minutes", "rapid"),
    [
        ((30, 55), 1.0, True),
        ((30, 54), 1.0, False),  # less than 25 mm
        ((24, 49), 1.0, False),  # not deep enough
        ((30, 79), 2.0, False),  # less than 25 mm a minute
        ((30, 80), 2.0, True),
        ((30, 55), 0.2, True),  # within less than a minute it must rise as much
        ((30, 405), 15.0, True),
        ((30, 1000), 16.0, False),  # nobody knows how fast
    ],
)
def test_a_rapid_rise_is_between_two_wet_samples(
    depths_mm: tuple[float, float], minutes: float, *, rapid: bool
) -> None:
    one = start(-60.0, 0.0, depths_mm[0])

    assert not is_rapid_rise(start(-60.0, 0.0, 80.0))
    assert is_rapid_rise(extend(one, 60.0 * minutes, depths_mm[1])) is rapid


def test_a_site_counts_once_by_its_last_rise_and_never_for_itself() -> None:
    near = Neighbours()
    near.set_sites(STREETS.values())
    for name, second in (("S01", 0.0), ("S01", 600.0), ("S02", 900.0), (HERE, 950.0)):
        near.follow(STREETS[name], SiteState(last_rapid_rise_s=NOON.timestamp() + second))

    counts = {
        second: near.rapid_rises_nearby(HERE, at(second / 60)) for second in (599, 600, 900, 2400, 2401, 2700, 2701)
    }

    assert counts == {599: 0, 600: 1, 900: 2, 2400: 2, 2401: 1, 2700: 1, 2701: 0}
    assert near.rapid_rises_nearby("S02", at(1000 / 60)) == 2
    near.forget("S01")
    assert near.rapid_rises_nearby(HERE, at(15)) == 1


@pytest.mark.parametrize(("watched", "expected"), [(400, 4), (401, 0), (1000, 0)])
def test_in_a_great_district_a_few_rapid_rises_are_chance(watched: int, expected: int) -> None:
    near = Neighbours()
    more = (replace(STREETS[HERE], site_id=f"X{number}") for number in range(watched - len(STREETS)))
    near.set_sites([*STREETS.values(), *more])
    for name in RAPID:
        near.follow(STREETS[name], SiteState(last_rapid_rise_s=NOON.timestamp()))

    assert near.rapid_rises_nearby(HERE, NOON) == expected


@st.composite
def storms(draw: st.DrawFn) -> list[WaterReading]:
    """A city in which water rises here and there, at times swiftly."""
    found: list[WaterReading] = []
    for name in STREETS:
        rises = draw(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([8, 30, 45])), max_size=1))
        for begins, mm_per_min in rises:
            depths = [min(mm_per_min * minute, 240) for minute in range(10)]
            found += rise(name, [*depths, *[230.0] * 3], begins_min=begins + draw(st.integers(0, 59)) / 60)
    return sorted(found, key=lambda one: (one.time, one.device_id))


@settings(max_examples=25)
@given(storms(), st.data())
def test_wherever_the_engine_starts_again_it_knows_what_was_seen_near_by(
    readings: Sequence[WaterReading], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(readings)))
    first = new_evaluator()
    found = judged(first, readings[:cut])
    kept = json.loads(json.dumps({name: record.to_json() for name, record in first.dirty_records().items()}))
    second = new_evaluator()
    second.restore({name: SiteRecord.from_json(record) for name, record in kept.items()})

    assert found + judged(second, readings[cut:]) == judged(new_evaluator(), readings)


@settings(max_examples=25)
@given(storms(), st.data())
def test_any_order_of_sites_within_the_wait_gives_the_same_warnings(
    readings: Sequence[WaterReading], data: st.DataObject
) -> None:
    wait = timedelta(seconds=60)
    delays_s = data.draw(st.lists(st.integers(0, 59), min_size=len(readings), max_size=len(readings)))
    late = sorted(zip(readings, delays_s, strict=True), key=lambda one: one[0].time + timedelta(seconds=one[1]))
    last = reading(10_000, 0.0, f"gauge of {HERE}")

    found = [judged(new_evaluator(wait=wait), [*order, last]) for order in (readings, [one for one, _ in late])]

    assert found[0] == found[1]


def test_a_site_that_is_gone_is_no_neighbour() -> None:
    evaluator = new_evaluator()
    judged(evaluator, STORM)
    left = {name: one for name, one in STREETS.items() if name not in {"S01", "S02"}}
    left |= {"S90": another("S90")}
    evaluator.set_sites(left)
    judged(evaluator, rise(HERE, CLOUDBURST_MM, begins_min=10))

    forecast = evaluator.record(HERE).state.gauges[f"gauge of {HERE}/0"].forecast
    assert forecast is not None
    assert forecast.rapid_rises_nearby == REGIONAL_EVENT_SITES - 2
    assert evaluator.record(HERE).state.level >= Level.YELLOW
