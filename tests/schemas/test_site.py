"""A file of sites is taken over whole, or refused with every fault named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor, Role, depth_at_lowest_point_mm
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.schemas.site import read_sites, site_form

HOW_TO = Path(__file__).parent.parent.parent / "docs" / "how-to" / "watch-places.md"


def entry(**changed: object) -> dict[str, Any]:
    return {
        "site_id": "S1",
        "type": "underpass",
        "name_zh": "下穿",
        "name_en": "Underpass",
        "region": "370102",
        "latitude": 36.65,
        "longitude": 117.12,
    } | changed


def read(*entries: object) -> list[Site]:
    return read_sites(json.dumps(entries), "S.json")


def test_a_site_is_read_with_what_is_bound_to_it() -> None:
    [site] = read(
        entry(
            sensors=[
                {"device_id": "g1", "lowest_point_height_mm": 120},
                {"device_id": "r1", "role": "rain"},
                {"device_id": "pump1", "role": "pump"},
            ],
            polygon=[[36.1, 117.1], [36.2, 117.1], [36.2, 117.2]],
            catchment="洋涓河",
            closing_time_s=45,
            profile={"thresholds": {"red": {"depth_mm": 300, "source": "drill"}}, "down_hold_s": 60},
        )
    )

    assert (site.depth_gauge_ids, site.rain_gauge_ids) == (("g1",), ("r1",))
    assert BoundSensor("g1", Role.DEPTH, 120) in site.sensors
    assert site.required_lead_s == 45
    assert site.profile.down_hold_s == 60
    assert site.profile.thresholds[Level.RED].source == "drill"
    assert site.profile.depth_mm(Level.YELLOW) == default_profile(SiteType.UNDERPASS).depth_mm(Level.YELLOW)


def test_what_no_drill_measured_is_as_usual_for_the_type() -> None:
    [site] = read(entry(type="metro_entrance"))

    assert (site.closing_time_s, site.required_lead_s) == (None, 420)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (entry(depth_cm=4), "depth_cm: Extra inputs are not permitted"),
        (entry(region="Lixia"), "region:"),
        (entry(type="street"), "type:"),
        (entry(latitude=95), "latitude:"),
        (entry(polygon=[[36.1, 117.1], [36.2, 117.1]]), "a polygon needs three corners"),
        (entry(profile={"thresholds": {"green": {"depth_mm": 4, "source": "x"}}}), "green is no level"),
        (entry(profile={"thresholds": {"red": {"depth_mm": 4, "source": "x"}}}), "thresholds must rise"),
        (entry(profile={"thresholds": {"red": {"depth_mm": 400}}}), "source: Field required"),
        (entry(sensors=[{"device_id": "g"}, {"device_id": "g", "role": "rain"}]), "g is bound twice"),
        (entry(sensors=[{"device_id": "a/b"}]), "sensors.0.device_id"),
        ("S1", "valid dictionary"),
    ],
)
def test_every_fault_is_named_with_its_site(wrong: object, said: str) -> None:
    with pytest.raises(NotPossible, match=re.escape(said)) as refused:
        read(entry(site_id="good"), wrong)

    assert "S.json, site 2" in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(NotPossible) as refused:
        read(*(entry(region="x", latitude=95) for _ in range(15)))

    assert str(refused.value).count("\n") == 20
    assert str(refused.value).endswith("and 10 more")


def test_a_name_means_one_site_and_a_gauge_speaks_for_one() -> None:
    gauge = [{"device_id": "g1"}]
    with pytest.raises(NotPossible, match="2 sites are called S1"):
        read(entry(), entry())
    with pytest.raises(NotPossible, match="gauge g1 cannot speak for both S1 and S2"):
        read(entry(sensors=gauge), entry(site_id="S2", sensors=gauge))


def test_a_rain_gauge_serves_many_sites() -> None:
    rain = [{"device_id": "r1", "role": "rain"}]

    assert [site.rain_gauge_ids for site in read(entry(sensors=rain), entry(site_id="S2", sensors=rain))] == [
        ("r1",)
    ] * 2


@pytest.mark.parametrize(("text", "said"), [("{", "line 1: no JSON"), ("{}", "a list of sites is wanted")])
def test_a_file_that_is_no_list(text: str, said: str) -> None:
    with pytest.raises(NotPossible, match=said):
        read_sites(text, "S.json")


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
sensors = st.lists(
    st.builds(BoundSensor, names, st.sampled_from(Role), st.floats(-500, 2000)),
    unique_by=lambda sensor: sensor.device_id,
    max_size=5,
).map(lambda bound: tuple(sorted(bound, key=lambda sensor: sensor.device_id)))
corners = st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=3, max_size=6).map(tuple)


@given(
    st.builds(
        Site,
        site_id=names,
        name_zh=st.just("路"),
        name_en=st.just("Road"),
        site_type=st.sampled_from(SiteType),
        region=st.from_regex("[0-9]{6}", fullmatch=True),
        latitude=st.floats(-89, 89),
        longitude=st.floats(-180, 180),
        profile=st.sampled_from(SiteType).map(default_profile),
        world=names,
        depth_gauge_ids=st.just(()),
        rain_gauge_ids=st.just(()),
        sensors=sensors,
        polygon=st.just(()) | corners,
        catchment=st.text("洋涓abc", max_size=9),
        closing_time_s=st.none() | st.floats(0, 3600),
    )
)
def test_a_site_written_and_read_is_the_same_site(site: Site) -> None:
    assert read(site_form(site)) == [site]


def test_the_file_in_the_documents_is_read() -> None:
    [block] = re.findall(r"```json\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert read_sites(block, "sites.json")


def test_a_gauge_above_the_lowest_point_tells_of_the_water_below_only_when_it_stands_in_it() -> None:
    assert [depth_at_lowest_point_mm(mm, 200) for mm in (-3, 0, 8, 50)] == [-3, 0, 8, 250]


def test_names_and_sensors_that_disagree_are_refused() -> None:
    profile = default_profile(SiteType.ROAD)
    with pytest.raises(ValueError, match="are not the depth sensors"):
        Site(
            "S", "路", "Road", SiteType.ROAD, "370102", 36, 117, profile,
            depth_gauge_ids=("g2",), sensors=(BoundSensor("g1"),),
        )  # fmt: skip
