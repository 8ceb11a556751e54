"""Floods in a past, and how warnings did."""

from rencheng.backtest.tuning import floods_of, play, tally, what_if
from rencheng.domain.level import Level
from rencheng.domain.quality import Quality
from tests.support.gauge_play import NOON, profile, reading, site, steady

ROAD = site("S", "G1", "G2")


def crossed(*readings: object, level: Level = Level.YELLOW) -> list[tuple[float, float]]:
    floods = floods_of(readings, ROAD, ROAD.profile)[level]  # type: ignore[arg-type]
    noon = NOON.timestamp()
    return [((flood.crossed_at - noon) / 60, (flood.ends - noon) / 60) for flood in floods]


def test_a_flood_is_what_a_gauge_saw_twice() -> None:
    assert crossed(reading(0, 0), reading(1, 160), reading(2, 0)) == []
    assert crossed(reading(0, 0), reading(1, 150), reading(2, 150), reading(3, 149.9)) == [(1, 2)]
    assert crossed(reading(0, 160), reading(10, 160)) == [(0, 10)]
    assert crossed(reading(0, 160), reading(10.1, 160)) == []


def test_what_comes_back_within_the_hour_is_the_same_flood() -> None:
    wave = [*steady(160, (0, 1)), reading(2, 0)]

    assert crossed(*wave, *steady(160, (60, 61))) == [(0, 61)]
    assert crossed(*wave, *steady(160, (61, 62))) == [(0, 1), (61, 62)]


def test_any_gauge_of_the_site_counts_and_what_it_could_not_measure_does_not() -> None:
    assert crossed(*steady(160, (0, 1), "G2"), *steady(160, (0.5, 3), "G1")) == [(0, 3)]
    assert crossed(*steady(160, (0, 1), "unregistered")) == []
    assert crossed(*(reading(minute, 160, quality=Quality.GROSS_RANGE) for minute in range(3))) == []


def test_warnings_are_held_against_floods() -> None:
    readings = [*steady(0, range(5)), *steady(160, range(5, 10)), *steady(0, range(10, 60))]
    played = play({"S": ROAD}, readings)
    found = tally(played, "S", floods_of(readings, ROAD, ROAD.profile))

    assert (found[Level.YELLOW].floods, found[Level.YELLOW].warnings, found[Level.YELLOW].in_vain) == (1, 1, 0)
    assert (found[Level.RED].floods, found[Level.RED].threshold_mm) == (0, 400)


def test_other_thresholds_leave_the_rest_as_it_is() -> None:
    other = what_if(ROAD, {Level.YELLOW: 120.0})

    assert [other.profile.depth_mm(level) for level in (Level.BLUE, Level.YELLOW)] == [50, 120]
    assert other.profile.horizon_s == profile().horizon_s
