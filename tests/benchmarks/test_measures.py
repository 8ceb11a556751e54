"""The figures of merit, on numbers that can be worked out by hand."""

import pytest

from benchmarks.skill.measures import Bin, Score, pooled, reliability

SCORE = Score(leads_s=(600.0, 180.0, 0.0, -60.0, None), false=2, near=1, unseen=1, site_months=4.0)


def test_shares() -> None:
    assert (SCORE.floods, SCORE.hits, SCORE.foreseen) == (5, 3, 2)
    assert [SCORE.pod(lead) for lead in (0, 1, 3, 5, 10, 15)] == [0.6, 0.4, 0.4, 0.2, 0.2, 0.0]
    assert SCORE.far == pytest.approx(2 / 5)
    assert SCORE.far_foreseen == pytest.approx(2 / 4)
    assert SCORE.csi == pytest.approx(3 / 7)
    assert SCORE.false_a_month == pytest.approx(0.5)


def test_leads_are_of_hits() -> None:
    assert SCORE.lead_min(0.5) == pytest.approx(3.0)
    assert SCORE.lead_min(0.1) == pytest.approx(0.6)
    assert SCORE.lead_min(1.0) == pytest.approx(10.0)


def test_nothing_is_claimed_of_nothing() -> None:
    empty = Score()

    assert [empty.pod(), empty.far, empty.far_foreseen, empty.csi, empty.lead_min(0.5), empty.brier] == [None] * 6
    assert empty.false_a_month is None
    assert Score(false=1).far == 1.0


def test_brier_is_the_mean_squared_error() -> None:
    assert Score(forecasts=((0.8, True), (0.4, False))).brier == pytest.approx((0.04 + 0.16) / 2)


def test_sites_are_pooled() -> None:
    both = pooled([SCORE, Score(leads_s=(60.0,), false=1, site_months=2.0, forecasts=((0.5, True),))])

    assert both == Score((600.0, 180.0, 0.0, -60.0, None, 60.0), 3, 1, 1, 6.0, ((0.5, True),))
    assert pooled([]) == Score()


def test_reliability_is_by_tenths() -> None:
    bins = reliability([(0.0, False), (0.05, True), (0.31, True), (0.99, True), (1.0, False)])

    assert [(one.number, round(one.forecast, 3), one.happened) for one in bins] == [
        (2, 0.025, 0.5),
        (1, 0.31, 1),
        (2, 0.995, 0.5),
    ]
    assert reliability([]) == []
    assert reliability([(1.0, True)]) == [Bin(1, 1.0, 1.0)]
