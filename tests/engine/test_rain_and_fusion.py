"""Rain, several gauges, and blindness: what a site makes of what its gauges and the sky tell."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rencheng.domain.level import Level
from rencheng.domain.nowcast import Nowcast
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.rain.readiness import Readiness
from tests.support.evaluation import messages_of
from tests.support.gauge_play import at, reading, site, steady

DRILL = "drill"


def rain(minute: float, mm: float, gauge: str = "R1") -> WaterReading:
    return WaterReading(gauge, 0, at(minute), rain_mm=mm)


def place(site_type: SiteType = SiteType.ROAD, *gauges: str, rain_gauges: tuple[str, ...] = ()) -> Site:
    bare = site("A", *(gauges or ("G1",)), world=DRILL)
    return Site(
        **{name: getattr(bare, name) for name in ("site_id", "name_zh", "name_en", "region", "latitude", "longitude")},
        site_type=site_type,
        profile=bare.profile,
        world=DRILL,
        depth_gauge_ids=bare.depth_gauge_ids,
        rain_gauge_ids=rain_gauges,
    )


def messages_for(one: Site, *readings: WaterReading, readiness: Readiness | None = None) -> list[WarningMessage]:
    evaluator = Evaluator(None, (lambda _site, _now: readiness)) if readiness else Evaluator()
    evaluator.set_sites({one.site_id: one})
    in_order = sorted(readings, key=lambda each: each.time)
    return [message for each in in_order for message in messages_of(evaluator, each, each.time)]


def found(messages: list[WarningMessage]) -> list[tuple[str, str, str]]:
    return [(one.message_type.value, one.level.word, one.grounds.rule) for one in messages]


def test_rain_alone_raises_blue_and_no_more_and_says_that_it_was_rain() -> None:
    street = place(rain_gauges=("R1",))
    dry = steady(0, range(60))
    warned = messages_for(street, *dry, rain(0, 0), *(rain(5 * step, 20) for step in range(1, 8)))

    assert found(warned) == [("Alert", "blue", "rained")]
    assert warned[0].certainty.value == "Possible"
    assert (warned[0].grounds.rain_quarter_mm, warned[0].grounds.device_id) == (20, "R1")


def test_rain_that_stops_lets_go_after_its_hold() -> None:
    street = place(rain_gauges=("R1",))
    warned = messages_for(street, rain(0, 0), rain(5, 20), *steady(0, range(300)))

    assert found(warned) == [("Alert", "blue", "rained"), ("Cancel", "blue", "rain_ended")]
    assert warned[1].issued_at - warned[0].issued_at == timedelta(hours=3, minutes=11)


def test_drizzle_raises_nothing() -> None:
    street = place(rain_gauges=("R1",))

    assert messages_for(street, *steady(0, range(300)), *(rain(5 * step, 0.8) for step in range(60))) == []


@pytest.mark.parametrize("wet", [[rain(-5, 0), rain(0, 8)], []])
def test_rain_arms_a_street_so_that_a_jump_is_accepted_sooner(wet: list[WaterReading]) -> None:
    street = place(rain_gauges=("R1",))
    jump = [reading(0, 0), reading(1, 0), reading(2, 300), reading(3, 301)]

    assert found(messages_for(street, *wet, *jump)) == ([("Alert", "orange", "observed")] if wet else [])


def test_an_hourly_report_is_not_read_as_a_cloudburst() -> None:
    street = place(rain_gauges=("R1",))

    assert (
        messages_for(street, *steady(0, range(200)), *(rain(60 * hour, mm) for hour, mm in enumerate((0, 13, 0)))) == []
    )


def test_rain_is_raised_sooner_once_the_gauge_dies_in_it() -> None:
    street = place(rain_gauges=("R1",))
    fallen = [rain(0, 0), *(rain(5 * step, 1.8) for step in range(1, 8))]
    alive = messages_for(street, *steady(0, range(60)), *fallen)
    dead = messages_for(street, *steady(0, range(3)), *fallen)

    assert found(alive) == []
    assert found(dead) == [("Alert", "blue", "rained")]


def test_a_street_that_never_floods_in_heavy_rain_is_raised_no_more_and_one_that_does_as_high_as_it_went() -> None:
    def storms(peak_mm: float) -> list[WaterReading]:
        played = [rain(-5, 0)]
        for storm in range(6):
            begin = 600 * storm
            played += [rain(begin + 5 * step, 4.0 if 0 < step < 7 else 0.0) for step in range(12)]
            played += [
                reading(begin + minute, max(0.0, peak_mm * (1 - abs(minute - 60) / 30))) for minute in range(600)
            ]
        return played

    def rained(peak_mm: float) -> list[str]:
        street = place(rain_gauges=("R1",))
        return [one.level.word for one in messages_for(street, *storms(peak_mm)) if one.grounds.rule == "rained"]

    assert 0 < len(rained(0.0)) <= 3
    assert rained(200.0)[0] == "blue"
    assert rained(200.0)[-1] == "yellow"


def test_rain_that_a_nowcast_expects_is_a_cause_and_the_warning_comes_before_it_falls() -> None:
    street = place(rain_gauges=("R1",))
    nowcast = Nowcast(at(10).timestamp(), "radar", ((0.5, ((600.0, 15.0), (1800.0, 40.0))), (0.5, ((1800.0, 2.0),))))
    ready = Readiness(nowcast=nowcast)
    warned = messages_for(street, rain(5, 0), rain(10, 1), *steady(0, range(30)), readiness=ready)

    assert found(warned) == [("Alert", "blue", "rained")]
    assert warned[0].issued_at == at(10)
    assert warned[0].certainty.value == "Possible"


def test_an_official_rain_signal_makes_ready_and_raises_nothing_by_itself() -> None:
    jump = [reading(0, 0), reading(1, 0), reading(2, 300), reading(3, 301)]
    ready = Readiness(Level.YELLOW, "rain signal X")

    assert messages_for(place(), *steady(0, range(30)), readiness=ready) == []
    assert found(messages_for(place(), *jump, readiness=ready)) == [("Alert", "orange", "observed")]


def test_one_faulty_gauge_of_three_raises_nothing() -> None:
    street = place(SiteType.ROAD, "G1", "G2", "G3")
    faulty = [reading(minute + 0.5, 40.0 * (minute // 8), "G1") for minute in range(60)]
    calm = [*steady(0, range(60), "G2"), *steady(0, range(60), "G3")]

    assert messages_for(street, *faulty, *calm) == []


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERPASS])
@pytest.mark.parametrize("step_min", [1, 5, 10, 30])
@pytest.mark.parametrize("dry", [2, 3, 11])
def test_dry_gauges_of_unknown_height_do_not_outvote_water_that_rises(
    site_type: SiteType, step_min: int, dry: int
) -> None:
    names = [f"G{number}" for number in range(1, dry + 2)]
    minutes = range(-10 * step_min, 12 * step_min, step_min)
    rising = [reading(minute, max(0.0, min(60.0 * minute / step_min, 420.0))) for minute in minutes]
    calm = [one for name in names[1:] for one in steady(0, [minute + 0.2 for minute in minutes], name)]
    warned = messages_for(place(site_type, *names), *rising, *calm)

    assert warned[-1].level is Level.RED
    assert warned[-1].issued_at <= at(8 * step_min)


def test_one_gauge_of_three_that_stays_dry_hides_no_flood() -> None:
    street = place(SiteType.ROAD, "G1", "G2", "G3")
    rising = [
        reading(minute + shift, 20.0 * minute, name) for minute in range(30) for shift, name in ((0, "G1"), (0.2, "G2"))
    ]
    warned = messages_for(street, *rising, *steady(0, range(30), "G3"))

    assert warned[-1].level is Level.RED


def test_a_dry_gauge_that_hangs_above_the_water_has_no_vote() -> None:
    def street(height_mm: float) -> Site:
        others = (BoundSensor(name, lowest_point_height_mm=height_mm) for name in ("G2", "G3"))
        return replace(place(SiteType.ROAD), sensors=(BoundSensor("G1"), *others), depth_gauge_ids=("G1", "G2", "G3"))

    readings = [
        *(reading(minute, 20.0 * minute, "G1") for minute in range(30)),
        *steady(0, [minute + 0.5 for minute in range(30)], "G2"),
        *steady(0, [minute + 0.6 for minute in range(30)], "G3"),
    ]

    assert messages_for(street(5.0), *readings) == []
    assert messages_for(street(900.0), *readings)[-1].level is Level.RED


def test_a_gauge_above_the_lowest_point_is_corrected_by_its_height() -> None:
    high = replace(place(), sensors=(BoundSensor("G1", lowest_point_height_mm=100.0),))
    warned = messages_for(high, *(reading(minute, 10.0 * minute) for minute in range(7)))

    assert warned[0].grounds.depth_mm == 120
