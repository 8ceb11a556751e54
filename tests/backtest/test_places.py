"""The sites of a back-test."""

import json
from typing import Any

import pytest

from rencheng.backtest.sites import WORLD, read_sites
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.site import SiteType

MM = {"blue": 50, "yellow": 150, "orange": 270, "red": 400.5}


def entry(**changed: object) -> dict[str, Any]:
    return {"site_id": "S1", "type": "tunnel", "thresholds_mm": MM, "devices": ["A", "B"]} | changed


def read(*entries: object) -> Any:
    return read_sites(json.dumps(entries), "S.json")


def test_a_site_is_read_and_stands_in_an_exercise() -> None:
    sites, remarks = read(entry(gauges=["P"], colour="green", site_id="S 1/北"))
    site = sites["S 1/北"]

    assert remarks == []
    assert (site.site_type, site.depth_gauge_ids, site.world) == (SiteType.TUNNEL, ("A", "B"), WORLD)
    assert site.rain_gauge_ids == ("P",)
    assert [site.profile.depth_mm(level) for level in (Level.BLUE, Level.RED)] == [50, 400.5]


@pytest.mark.parametrize("word", ["street", None, 7, ["road"]])
def test_an_unknown_type_is_a_road_with_a_word_about_it(word: object) -> None:
    sites, remarks = read(entry(type=word), entry(type=word, site_id="S2", devices=[]))

    assert {site.site_type for site in sites.values()} == {SiteType.ROAD}
    assert remarks == [f"type {word!r} is not known here and taken as road (2 sites, S1 among them)"]


def test_gauges_may_be_left_out_and_one_may_serve_many_sites() -> None:
    sites, _ = read(
        entry(gauges=["P"]),
        entry(site_id="S2", devices=[], gauges=["P", "P"]),
        entry(site_id="S3", devices=[], gauges=None),
    )

    assert [site.rain_gauge_ids for site in sites.values()] == [("P",), ("P",), ()]


def test_thresholds_left_out_are_those_of_the_type() -> None:
    sites, remarks = read({"site_id": "S1", "type": "tunnel", "devices": ["A"]})

    assert sites["S1"].profile.depth_mm(Level.YELLOW) == 100
    assert remarks == ["no thresholds_mm; judged by those of a tunnel (1 sites, S1 among them)"]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([5], "S.json, site 1: an object is wanted, not a number"),
        ([entry(site_id="")], "S.json, site 1 (): site_id is missing, or is no text"),
        ([entry(thresholds_mm=[1])], "S.json, site 1 (S1): thresholds_mm must be an object, not a list"),
        ([entry(thresholds_mm={**MM, "red": None})], "S.json, site 1 (S1): thresholds_mm needs a number for red"),
        ([entry(thresholds_mm={**MM, "red": True})], "S.json, site 1 (S1): thresholds_mm needs a number for red"),
        (
            [entry(thresholds_mm={**MM, "red": float("nan")})],
            "S.json, site 1 (S1): thresholds_mm needs a number for red",
        ),
        ([entry(thresholds_mm={**MM, "red": 100})], "S.json, site 1 (S1): thresholds must rise from blue to red"),
        ([entry(devices="A")], "S.json, site 1 (S1): devices must be a list"),
        ([entry(gauges={})], "S.json, site 1 (S1): gauges must be a list"),
        ([entry(gauges=[""])], "S.json, site 1 (S1): gauges must be a list of names"),
        ([entry(devices=[1])], "S.json, site 1 (S1): devices must be a list of names"),
        ([entry(), entry()], "S.json, site 2 (S1): the list has two sites of this name"),
        ([entry(), entry(site_id="S2")], "S.json, site 2 (S2): device A belongs to site S1 already"),
    ],
)
def test_an_error_names_file_and_site(entries: list[object], said: str) -> None:
    with pytest.raises(NotPossible) as error:
        read(*entries)

    assert str(error.value).startswith(said)


@pytest.mark.parametrize(("text", "said"), [("{\n", "S.json, line 2: no JSON"), ("{}", "S.json: a list of sites")])
def test_what_is_no_list_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotPossible) as error:
        read_sites(text, "S.json")

    assert str(error.value).startswith(said)
