"""The risk of a site: what is missing changes no average, and what mends a site never raises its risk."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rencheng.assessment.forms import risk_csv, risk_page
from rencheng.assessment.risk import CAPACITY_MIN, Factor, FindingKind, SiteRecordOfYear, assess, ranked
from rencheng.domain.site import SiteType

shares = st.floats(0, 1)
records = st.builds(
    SiteRecordOfYear,
    site_id=st.sampled_from("abcdef"),
    name_zh=st.just("=场所"),
    name_en=st.just("<script>"),
    site_type=st.sampled_from(SiteType),
    region=st.just("370102"),
    closing_time_s=st.none() | st.floats(0, 3600),
    horizon_s=st.just(600.0),
    red_mm=st.just(250.0),
    gauges=st.integers(0, 4),
    pumps=st.integers(0, 4),
    pumps_failed=st.integers(0, 2),
    warnings=st.integers(0, 20),
    without_tasks=st.integers(0, 3),
    deepest_mm=st.none() | st.floats(-10, 2000),
    judged=st.none() | shares,
    in_time=st.lists(st.sampled_from([None, 0.0, 1.0]), max_size=4).map(tuple),
)


@given(records)
def test_a_score_follows_from_the_indicators_that_are_known(site: SiteRecordOfYear) -> None:
    risk = assess(site)
    assert set(risk.missing) == {each.name for each in risk.indicators if each.value is None}
    assert all(each.value is None or 0 <= each.value <= 1 for each in risk.indicators)
    for factor, value in risk.factors.items():
        known = [each.value for each in risk.indicators if each.factor is factor and each.value is not None]
        assert value == (pytest.approx(sum(known) / len(known)) if known else None)
    if risk.score is None:
        assert None in risk.factors.values()
    else:
        hazard, exposure, vulnerability, capacity = (risk.factors[each] or 0.0 for each in Factor)
        assert risk.score == pytest.approx(hazard * exposure * vulnerability / max(capacity, CAPACITY_MIN))


@given(records, st.integers(1, 3))
def test_a_further_gauge_or_pump_never_raises_the_risk(site: SiteRecordOfYear, more: int) -> None:
    before = assess(site).score
    assume(before is not None)
    for changed in (replace(site, gauges=site.gauges + more), replace(site, pumps=site.pumps + more)):
        after = assess(changed).score
        assert after is not None
        assert before is not None
        assert after <= before


@given(st.lists(records, max_size=6))
def test_the_ranking_has_the_highest_first_and_the_forms_run_nothing(sites: list[SiteRecordOfYear]) -> None:
    scores = [each.score for each in ranked(sites)]
    known = [each for each in scores if each is not None]
    assert scores == sorted(known, reverse=True) + [None] * (len(scores) - len(known))
    assert "<script" not in risk_page(ranked(sites), "actual", datetime(2026, 7, 20, tzinfo=UTC))
    assert ",=" not in risk_csv(ranked(sites))


def test_what_data_says_is_proposed_as_a_hidden_danger() -> None:
    site = SiteRecordOfYear(
        "u",
        "下穿",
        "Underpass",
        SiteType.UNDERPASS,
        "370102",
        None,
        600.0,
        250.0,
        1,
        1,
        1,
        2,
        1,
        None,
        0.5,
        (0.0, None),
    )
    kinds = set(FindingKind) - {FindingKind.NOT_WATCHED}
    assert set(assess(site).findings) == kinds
    good = replace(site, pumps_failed=0, without_tasks=0, judged=1.0, in_time=(1.0,))
    assert assess(good).findings == ()
    assert assess(replace(good, gauges=0, judged=None)).findings == (FindingKind.NOT_WATCHED,)
