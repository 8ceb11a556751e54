"""The benchmark of rain: the made city, the comparison of rules, and nowcasts of known skill."""

import pytest

from benchmarks.rain.city import RESPONSES, crossings, days, streets
from benchmarks.rain.compare import beside, intervals, setting_at, tally
from benchmarks.rain.played import Playing, StreetDay, played


def day(number: int, value: float, crossed_at: float | None = None) -> StreetDay:
    peaks = [(value / 2, 0.0), (value, 600.0)] if value else []
    return StreetDay(number, 0, crossed_at, peaks, [], peaks)


DAYS = [day(1, 4.0, 1200.0), day(2, 8.0, 1200.0), day(3, 0.0, 1200.0), day(4, 6.0), day(5, 3.0), day(6, 0.0)]


def test_the_city_has_fifty_streets_whose_responses_differ_tenfold() -> None:
    takes = sorted(street.takes for street in streets(1))

    assert len(takes) >= 50
    assert 0.7 * RESPONSES < takes[-1] / takes[0] <= RESPONSES
    assert streets(1) == streets(1) != streets(2)


def test_a_street_is_wet_after_rain_and_dry_again() -> None:
    street = min(streets(1), key=lambda one: one.takes)
    some = list(days(street, 0, 1))

    assert any(list(crossings(one.depths, 50.0)) for one in some)
    assert all(depth_mm == 0 for one in some if not any(mm for _, mm in one.rain) for _, depth_mm in one.depths)


def test_a_rule_is_counted_once_a_day_and_its_lead_runs_to_the_water() -> None:
    found = tally(DAYS, lambda one: one.plain, 4.0)

    assert (found.hits, found.in_vain, found.leads_min) == (2, 1, (10.0, 20.0))
    assert (found.at_least(15), found.median_min) == (1, 15.0)


@pytest.mark.parametrize("in_vain", [0, 1, 2])
def test_a_setting_has_at_most_so_many_in_vain(in_vain: int) -> None:
    assert tally(DAYS, lambda one: one.plain, setting_at(DAYS, lambda one: one.plain, in_vain)).in_vain == in_vain


def test_a_rule_beside_itself_is_no_better() -> None:
    found = beside(DAYS, lambda one: one.plain, lambda one: one.plain, 4.0)

    assert found.plain.hits == found.same_in_vain.hits == found.same_hits.hits
    assert intervals(DAYS, lambda some: [float(len(some))]) == [(6.0, 6.0)]


def test_good_nowcasts_warn_earlier_than_none() -> None:
    def leads(skill: float | None) -> float:
        found = played(Playing(1, every=29, skill=skill))
        return tally(found, lambda one: one.learned, 0.25).median_min

    assert leads(1.0) >= leads(None) + 10
