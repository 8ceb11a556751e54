"""What is a hit, a miss, a false alarm: cases made by hand. Times are seconds."""

from math import inf

import pytest

from rencheng.backtest.matching import Claim, IssuedLevel, Matched, Target, claims, crossing, forecasts, held, match

FLOOD = Target(begins=1000, crossed_at=2000, ends=3000)


def test_a_warning_lasts_while_the_level_or_one_above_is_in_force() -> None:
    issued = [
        IssuedLevel(0, 1),
        IssuedLevel(10, 2),
        IssuedLevel(20, 4),
        IssuedLevel(30, 2),
        IssuedLevel(40, 1),
        IssuedLevel(50, 3),
        IssuedLevel(60, 0),
        IssuedLevel(70, 2),
    ]

    assert claims(issued, 2) == [Claim(10, 40), Claim(50, 60), Claim(70, inf)]
    assert claims(issued, 1) == [Claim(0, 60), Claim(70, inf)]
    assert claims(issued, 4) == [Claim(20, 30)]
    assert claims([], 1) == []


@pytest.mark.parametrize(
    ("issued", "found"),
    [
        ([], []),
        ([(0, False), (60, False)], []),
        ([(0, True), (60, False), (120, False), (180, False)], [Claim(0, 180)]),
        ([(0, True), (60, False), (120, True), (180, False), (299, False)], [Claim(0, inf)]),
        ([(0, True), (60, False), (180, False), (240, True)], [Claim(0, 180), Claim(240, inf)]),
        ([(0, True), (9000, True)], [Claim(0, inf)]),
        ([(0, True), (9000, False), (9060, True)], [Claim(0, inf)]),
    ],
)
def test_a_plain_yes_or_no_is_held(issued: list[tuple[float, bool]], found: list[Claim]) -> None:
    assert held(issued, 120) == found


def test_a_flood_crosses_at_the_first_sample_at_or_above() -> None:
    samples = [(0.0, 10.0), (60.0, 149.9), (240.0, 150.0), (300.0, 90.0), (360.0, 170.0), (420.0, 20.0)]

    assert crossing(samples, 150, "it") == Target(0, 240, 360, seen_twice_at=360, silent_s=180, name="it")
    assert crossing(samples, 170) == Target(0, 360, 360, seen_twice_at=None, silent_s=60)
    assert crossing(samples, 171) is None
    assert crossing([(5.0, 200.0)], 150) == Target(5, 5, 5)


@pytest.mark.parametrize(
    ("warning", "matched"),
    [
        (Claim(1700, 4000), Matched((300,), ())),
        (Claim(2000, 4000), Matched((0,), ())),
        (Claim(2500, 4000), Matched((-500,), ())),  # late: no hit, and not in vain
        (Claim(3000, 4000), Matched((-1000,), ())),
        (Claim(3001, 4000), Matched((None,), (Claim(3001, 4000),))),  # the water has left
        (Claim(1300, 1400), Matched((None,), (Claim(1300, 1400),))),  # ended, and the horizon passed
        (Claim(1400, 1500), Matched((600,), ())),  # ended, but it promised 600 s
        (Claim(1300, 2000), Matched((700,), ())),
        (Claim(0, inf), Matched((1000,), ())),  # stood from something else: counted from the first wet sample
    ],
)
def test_a_warning_is_held_against_a_flood(warning: Claim, matched: Matched) -> None:
    assert match([FLOOD], [warning], 600) == matched


def test_the_earliest_true_warning_gives_the_lead_and_each_vain_one_counts() -> None:
    warnings = [Claim(100, 200), Claim(300, 400), Claim(1500, 1900), Claim(1950, 5000)]

    assert match([FLOOD], warnings, 600) == Matched((500,), (Claim(100, 200), Claim(300, 400)))


def test_a_flood_without_a_warning_is_missed_and_one_warning_may_serve_two() -> None:
    later = Target(6000, 6100, 6200)

    assert match([FLOOD, later], [], 600) == Matched((None, None), ())
    assert match([FLOOD, later], [Claim(1900, 6300)], 600) == Matched((100, 100), ())
    assert match([], [Claim(0, 1)], 600) == Matched((), (Claim(0, 1),))


def test_a_probability_is_about_its_level_the_horizon_and_water_that_stands_already() -> None:
    issued = [
        IssuedLevel(1000, 2, 0.3),
        IssuedLevel(1400, 2, 0.6),
        IssuedLevel(1500, 2),
        IssuedLevel(1600, 3, 0.9),
        IssuedLevel(2001, 2, 0.8),
    ]

    assert forecasts(issued, {2: [FLOOD]}, 600) == [(0.3, False), (0.6, True), (0.8, True)]
    assert forecasts([IssuedLevel(3000, 2, 0.9), IssuedLevel(3001, 2, 0.9)], {2: [FLOOD]}, 600) == [
        (0.9, True),
        (0.9, False),
    ]
