"""The form of a nowcast: members, quantiles, and a grid that is sampled over the area of a site."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rencheng.domain.grid import Grid, includes, sampled
from rencheng.domain.site import Site
from rencheng.schemas.nowcast import NowcastForm
from tests.support.gauge_play import site

ISSUED = "2026-07-20T15:30:00+08:00"
HERE = replace(site("A", "G1"), latitude=36.655, longitude=117.055)
AREA = ((36.60, 117.00), (36.60, 117.03), (36.62, 117.03), (36.62, 117.00))


def form(**changed: Any) -> NowcastForm:
    return NowcastForm.model_validate({"source": "radar", "issued_at": ISSUED, "minutes": [10, 20, 30]} | changed)


def members(made: NowcastForm, *sites: Site) -> list[tuple[float, list[float]]]:
    [found] = made.at_sites({each.site_id: each for each in sites})
    return [(round(share, 6), [mm for _, mm in amounts]) for share, amounts in found.nowcast.members]


def test_members_are_equally_probable() -> None:
    made = form(sites=[{"site_id": "A", "members": [[1, 2, 3], [0, 0, 4]]}])

    assert members(made) == [(0.5, [1, 2, 3]), (0.5, [0, 0, 4])]


def test_a_quantile_stands_for_the_probability_nearest_to_it() -> None:
    made = form(sites=[{"site_id": "A", "quantiles": {"0.5": [1, 2, 3], "0.1": [0, 0, 0], "0.9": [4, 8, 9]}}])

    assert members(made) == [(0.3, [0, 0, 0]), (0.4, [1, 2, 3]), (0.3, [4, 8, 9])]


def test_a_grid_is_sampled_at_the_lowest_point_or_over_the_area() -> None:
    cells = [float(number) for number in range(100)]  # ten rows of ten, 0.01 degrees each
    grid = {"south": 36.6, "west": 117.0, "step_deg": 0.01, "columns": 10, "members": [[cells, cells, cells]]}
    made = form(grid=grid)

    assert members(made, HERE) == [(1.0, [55.0, 55.0, 55.0])]
    assert members(made, replace(HERE, polygon=AREA)) == [(1.0, [6.0, 6.0, 6.0])]  # the mean of 0 to 2 and 10 to 12
    assert list(made.at_sites({"A": replace(HERE, latitude=30.0)})) == []


@given(st.floats(36.59, 36.63), st.floats(116.99, 117.04))
def test_a_point_is_in_a_rectangle_as_its_edges_say(latitude: float, longitude: float) -> None:
    assert includes(AREA, (latitude, longitude)) == (36.60 <= latitude < 36.62 and 117.00 <= longitude < 117.03)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.001, 0.05))
def test_every_cell_of_a_site_is_on_the_grid(columns: int, rows: int, step_deg: float) -> None:
    grid = Grid(36.61, 117.01, step_deg, columns, rows)

    assert all(0 <= place < columns * rows for place in sampled(grid, replace(HERE, polygon=AREA)))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "give sites or a grid"),
        ({"sites": [{"site_id": "A"}]}, "give members or quantiles"),
        ({"sites": [{"site_id": "A", "members": [[1, 2]]}]}, "an amount for each of minutes"),
        ({"sites": [{"site_id": "A", "members": [[3, 2, 1]]}]}, "cannot fall"),
        ({"sites": [{"site_id": "A", "members": [[1, 2, 501]]}]}, "less than or equal to 500"),
        ({"sites": [{"site_id": "A", "members": [[1, 2, float("nan")]]}]}, "finite"),
        ({"sites": [{"site_id": "A", "members": [[1, 2, 3]]}] * 2}, "given twice"),
        ({"minutes": [20, 10], "sites": [{"site_id": "A", "members": [[1, 2]]}]}, "must rise"),
        ({"minutes": [61], "sites": [{"site_id": "A", "members": [[1]]}]}, "less than or equal to 60"),
        ({"sites": [{"site_id": "A", "quantiles": {"1.5": [1, 2, 3]}}]}, "Input should be"),
        (
            {"grid": {"south": 0, "west": 0, "step_deg": 1, "columns": 2, "members": [[[1.0, 2.0, 3.0]] * 3]}},
            "whole rows",
        ),
        ({"issued_at": "2199-01-01T00:00:00+08:00", "sites": [{"site_id": "A", "members": [[1, 2, 3]]}]}, "future"),
    ],
)
def test_what_is_no_nowcast_is_refused_with_a_reason(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        form(**changed)
