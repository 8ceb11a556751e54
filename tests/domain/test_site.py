"""Sensors of a site: their heights, and the agreement of the two ways to name them."""

import pytest

from rencheng.domain.sensor import BoundSensor, depth_at_lowest_point_mm
from rencheng.domain.site import Site, SiteType, default_profile


def test_the_height_is_added_only_to_the_reading_of_a_wet_gauge() -> None:
    assert [depth_at_lowest_point_mm(mm, 200) for mm in (-3, 0, 8, 50)] == [-3, 0, 8, 250]


def test_gauge_ids_and_sensors_that_differ_are_rejected() -> None:
    profile = default_profile(SiteType.ROAD)
    with pytest.raises(ValueError, match="are not the depth sensors"):
        Site(
            "S", "路", "Road", SiteType.ROAD, "370102", 36, 117, profile,
            depth_gauge_ids=("g2",), sensors=(BoundSensor("g1"),),
        )  # fmt: skip
