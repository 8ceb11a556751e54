"""What the issue asks for, beside what was measured; and that nothing is scored on what it was chosen by."""

import pytest

from benchmarks.skill import bars
from benchmarks.skill.creek import left_out
from benchmarks.skill.floodnet import ENGINE, Curve
from benchmarks.skill.measures import Score
from rencheng.backtest.matching import Claim, Target
from rencheng.domain.level import Level


def score(leads_min: list[float], false: int) -> dict[str, Score]:
    return {"all": Score(leads_s=tuple(60 * lead for lead in leads_min), false=false)}


CURVE: Curve = {ENGINE: [(0.3, score([12, 6, 6, 2], 4)), (0.7, score([12, 6, 2, 2], 1)), (0.9, score([2, 2, 2, 2], 0))]}


@pytest.mark.parametrize(("far", "pod"), [(0.5, 0.75), (0.49, 0.5), (0.2, 0.5), (0.1, 0.0)])
def test_a_point_of_the_curve_counts_only_within_its_false_alarms(far: float, pod: float) -> None:
    assert bars.best_pod(CURVE, "all", far, 5) == pod


def test_a_curve_that_never_comes_so_low_meets_nothing() -> None:
    bar = bars.Bar("it", 0.5, bars.best_pod({ENGINE: [(0.3, score([12], 9))]}, "all", 0.1, 5))

    assert bar.measured is None
    assert not bar.is_met


def test_less_is_better_where_it_is() -> None:
    assert bars.Bar("false", 1, 1, at_most=True).is_met
    assert not bars.Bar("false", 1, 2, at_most=True).is_met
    assert bars.Bar("POD", 0.5, 0.5).is_met
    assert not bars.Bar("POD", 0.5, 0.4).is_met


def test_the_gap_of_probabilities_is_that_of_the_worst_bin_that_is_filled() -> None:
    issued = [(0.55, place % 2 == 0) for place in range(40)] + [(0.95, False)]

    assert next(bars.of_probabilities({Level.YELLOW: issued})).measured == pytest.approx(0.05)


def test_artefacts_are_counted_over_all_kinds() -> None:
    share = list(bars.of_shipped(Score(), [(1, 60), (1, 40)]))[1]

    assert (share.measured, share.is_met) == (0.02, True)


def test_each_storm_is_warned_of_by_the_answer_that_did_best_in_the_others() -> None:
    hour = 3600.0
    targets = [Target(day * 24 * hour, day * 24 * hour + hour, day * 24 * hour + 2 * hour) for day in range(3)]
    good = [Claim(target.crossed_at - 600, target.ends) for target in targets]
    only_first = [good[0], Claim(40 * hour, 41 * hour), Claim(60 * hour, 61 * hour)]

    assert left_out(targets, [good, only_first]) == good
    assert left_out(targets, [only_first, good]) == good
