"""The sites of a back-test."""

import json
from typing import Any

import pytest

from rencheng.backtest.sites import NEVER_MM, WORLD, read_sites
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import Role
from rencheng.domain.site import SiteType

MM = {"blue": 50, "yellow": 150, "orange": 270, "red": 400.5}


def entry(**changed: object) -> dict[str, Any]:
    return {"site_id": "S1", "type": "tunnel", "thresholds_mm": MM, "depth_gauge_ids": ["A", "B"]} | changed


def read(*entries: object) -> Any:
    return read_sites(json.dumps(entries), "S.json")


def test_a_site_is_read_into_an_exercise() -> None:
    sites, remarks = read(entry(rain_gauge_ids=["P"], colour="green", site_id="S 1/北"))
    site = sites["S 1/北"]

    assert remarks == []
    assert (site.site_type, site.depth_gauge_ids, site.world) == (SiteType.TUNNEL, ("A", "B"), WORLD)
    assert site.rain_gauge_ids == ("P",)
    assert [site.profile.depth_mm(level) for level in (Level.BLUE, Level.RED)] == [50, 400.5]


@pytest.mark.parametrize("word", ["street", None, 7, ["road"]])
def test_an_unknown_type_is_a_cautious_one_with_a_remark(word: object) -> None:
    sites, remarks = read(entry(type=word), entry(type=word, site_id="S2", depth_gauge_ids=[]))

    assert {site.site_type for site in sites.values()} == {SiteType.UNDERPASS}
    assert remarks == [f"type {word!r} is unknown and treated as underpass, the most cautious (2 sites, such as S1)"]


def test_rain_gauges_are_optional_and_can_have_several_sites() -> None:
    sites, _ = read(
        entry(rain_gauge_ids=["P"]),
        entry(site_id="S2", depth_gauge_ids=[], rain_gauge_ids=["P", "P"]),
        entry(site_id="S3", depth_gauge_ids=[], rain_gauge_ids=None),
    )

    assert [site.rain_gauge_ids for site in sites.values()] == [("P",), ("P",), ()]


def test_the_former_names_of_the_gauges_are_read() -> None:
    sites, _ = read({"site_id": "S1", "type": "tunnel", "thresholds_mm": MM, "devices": ["A"], "gauges": ["P"]})

    assert (sites["S1"].depth_gauge_ids, sites["S1"].rain_gauge_ids) == (("A",), ("P",))


def test_missing_thresholds_are_the_defaults_of_the_type() -> None:
    sites, remarks = read({"site_id": "S1", "type": "tunnel", "depth_gauge_ids": ["A"]})

    assert sites["S1"].profile.depth_mm(Level.YELLOW) == 100
    assert remarks == ["no thresholds_mm; the defaults of type tunnel are used (1 sites, such as S1)"]


@pytest.mark.parametrize(
    ("given", "depths_mm"),
    [
        ({"red": 270}, (270, 270, 270, 270)),
        ({"yellow": 150}, (150, 150, NEVER_MM, NEVER_MM)),
        ({"blue": 50, "orange": 200}, (50, 200, 200, NEVER_MM)),
        ({"blue": 150, "yellow": 150, "orange": 270, "red": 270}, (150, 150, 270, 270)),
    ],
)
def test_a_level_without_a_threshold_is_the_next_higher_one(
    given: dict[str, float], depths_mm: tuple[float, ...]
) -> None:
    sites, remarks = read(entry(thresholds_mm=given))

    assert tuple(sites["S1"].profile.depth_mm(level) for level in WARNING_LEVELS) == depths_mm
    assert remarks == []


def test_fields_of_the_registry_are_read_in_its_form() -> None:
    fields = {
        "sensors": [{"device_id": "A", "lowest_point_height_mm": 120}, {"device_id": "P", "role": "rain"}],
        "profile": {"horizon_s": 1200, "down_hold_s": 60},
        "catchment": "north",
        "closing_time_s": 90,
        "latitude": 36.6,
        "longitude": 117.1,
    }
    site = read(entry(rain_gauge_ids=["Q"], **fields))[0]["S1"]

    assert [(one.device_id, one.role, one.lowest_point_height_mm) for one in site.sensors] == [
        ("A", Role.DEPTH, 120),
        ("P", Role.RAIN, 0),
        ("B", Role.DEPTH, 0),
        ("Q", Role.RAIN, 0),
    ]
    assert (site.profile.horizon_s, site.profile.down_hold_s, site.profile.depth_mm(Level.RED)) == (1200, 60, 400.5)
    assert (site.catchment, site.closing_time_s, site.latitude, site.longitude) == ("north", 90, 36.6, 117.1)


@pytest.mark.parametrize(
    ("entries", "finding"),
    [
        ([5], "S.json, site 1: an object is expected, not a number"),
        ([entry(site_id="")], "S.json, site 1 (): site_id is missing, or is not a text"),
        ([entry(thresholds_mm=[1])], "S.json, site 1 (S1): thresholds_mm must be an object, not a list"),
        ([entry(thresholds_mm={**MM, "red": None})], "S.json, site 1 (S1): thresholds_mm needs a number for red"),
        ([entry(thresholds_mm={**MM, "red": True})], "S.json, site 1 (S1): thresholds_mm needs a number for red"),
        (
            [entry(thresholds_mm={**MM, "red": float("nan")})],
            "S.json, site 1 (S1): thresholds_mm needs a number for red",
        ),
        ([entry(thresholds_mm={**MM, "red": 100})], "S.json, site 1 (S1): thresholds must rise from blue to red"),
        ([entry(thresholds_mm={"green": 5})], "S.json, site 1 (S1): thresholds_mm needs one of blue, yellow, orange"),
        ([entry(latitude=91)], "S.json, site 1 (S1): latitude: Input should be less than 90"),
        ([entry(sensors=[{"device_id": "A", "colour": 1}])], "S.json, site 1 (S1): sensors.0.colour: Extra inputs"),
        ([entry(depth_gauge_ids="A")], "S.json, site 1 (S1): depth_gauge_ids must be a list"),
        ([entry(rain_gauge_ids={})], "S.json, site 1 (S1): rain_gauge_ids must be a list"),
        ([entry(rain_gauge_ids=[""])], "S.json, site 1 (S1): rain_gauge_ids must be a list of identifiers"),
        ([entry(depth_gauge_ids=[1])], "S.json, site 1 (S1): depth_gauge_ids must be a list of identifiers"),
        ([entry(), entry()], "S.json, site 2 (S1): the list has two sites with this identifier"),
        ([entry(), entry(site_id="S2")], "S.json, site 2 (S2): depth gauge A is already bound to site S1"),
    ],
)
def test_an_error_names_file_and_site(entries: list[object], finding: str) -> None:
    with pytest.raises(NotPossible) as error:
        read(*entries)

    assert str(error.value).startswith(finding)


@pytest.mark.parametrize(("text", "finding"), [("{\n", "S.json, line 2: not JSON"), ("{}", "S.json: a list of sites")])
def test_a_file_without_a_list_is_rejected(text: str, finding: str) -> None:
    with pytest.raises(NotPossible) as error:
        read_sites(text, "S.json")

    assert str(error.value).startswith(finding)
