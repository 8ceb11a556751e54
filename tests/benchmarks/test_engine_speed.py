"""An hour of a city."""

from benchmarks.engine_speed.city import SITES, SITES_A_RAIN_GAUGE, readings, sites


def test_a_city_has_a_gauge_at_each_site_and_rain_gauges_that_many_share() -> None:
    city = sites()
    minute = list(readings(1, 0.03))

    assert len(city) == SITES
    assert {one.device_id for one in minute if one.depth_mm is not None} == {
        name for site in city.values() for name in site.depth_gauge_ids
    }
    assert {one.device_id for one in minute if one.rain_mm is not None} == {
        name for site in city.values() for name in site.rain_gauge_ids
    }
    assert len(minute) == SITES + SITES // SITES_A_RAIN_GAUGE


def test_readings_come_in_order_and_some_streets_are_under_water() -> None:
    every = list(readings(3, 0.03))
    deep = {one.device_id for one in every if (one.depth_mm or 0) > 30}

    assert [one.time for one in every] == sorted(one.time for one in every)
    assert 0 < len(deep) <= SITES * 0.03
