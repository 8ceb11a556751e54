"""The length of a degree agrees with WGS-84."""

import math

import pytest

from rencheng.cap import geometry


def test_a_degree_in_jinan_is_as_long_as_on_wgs_84() -> None:
    # the usual series for the arcs of WGS 84, another way than the radii of curvature in the code
    at = math.radians(36.65)
    north_m, east_m = geometry.degree_lengths_m(36.65)

    assert north_m == pytest.approx(111132.954 - 559.822 * math.cos(2 * at) + 1.175 * math.cos(4 * at), abs=0.1)
    assert east_m == pytest.approx(
        111412.84 * math.cos(at) - 93.5 * math.cos(3 * at) + 0.118 * math.cos(5 * at), abs=0.1
    )
