"""A file of sites is read completely, or rejected with every fault."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.reserved_names import why_reserved
from rencheng.domain.sensor import BoundSensor, Role
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


def test_a_site_is_read_with_its_sensors() -> None:
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


def test_an_unmeasured_closing_time_is_the_default_of_the_type() -> None:
    [site] = read(entry(type="metro_entrance"))

    assert (site.closing_time_s, site.required_lead_s) == (None, 420)


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        (entry(depth_cm=4), "depth_cm: Extra inputs are not permitted"),
        (entry(region="Lixia"), "region:"),
        (entry(type="street"), "type:"),
        (entry(latitude=95), "latitude:"),
        (entry(polygon=[[36.1, 117.1], [36.2, 117.1]]), "a polygon needs three corners"),
        (entry(profile={"thresholds": {"green": {"depth_mm": 4, "source": "x"}}}), "green is not a level"),
        (entry(profile={"thresholds": {"red": {"depth_mm": 4, "source": "x"}}}), "thresholds must rise"),
        (entry(profile={"thresholds": {"red": {"depth_mm": 400}}}), "source: Field required"),
        (entry(sensors=[{"device_id": "g"}, {"device_id": "g", "role": "rain"}]), "g is bound twice"),
        (entry(sensors=[{"device_id": "a/b"}]), "sensors.0.device_id"),
        ("S1", "valid dictionary"),
    ],
)
def test_a_fault_is_reported_with_its_site(wrong: object, finding: str) -> None:
    with pytest.raises(NotPossible, match=re.escape(finding)) as error:
        read(entry(site_id="good"), wrong)

    assert "S.json, site 2" in str(error.value)


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(NotPossible) as error:
        read(*(entry(region="x", latitude=95) for _ in range(15)))

    assert str(error.value).count("\n") == 20
    assert str(error.value).endswith("and 10 more")


def test_identifiers_are_unique_and_a_depth_gauge_has_one_site() -> None:
    gauge = [{"device_id": "g1"}]
    with pytest.raises(NotPossible, match="2 sites have the identifier S1"):
        read(entry(), entry())
    with pytest.raises(NotPossible, match="depth gauge g1 cannot be bound to both S1 and S2"):
        read(entry(sensors=gauge), entry(site_id="S2", sensors=gauge))


def test_a_rain_gauge_can_have_several_sites() -> None:
    rain = [{"device_id": "r1", "role": "rain"}]

    assert [site.rain_gauge_ids for site in read(entry(sensors=rain), entry(site_id="S2", sensors=rain))] == [
        ("r1",)
    ] * 2


@pytest.mark.parametrize(("text", "finding"), [("{", "line 1: not JSON"), ("{}", "a list of sites is expected")])
def test_a_file_without_a_list_is_rejected(text: str, finding: str) -> None:
    with pytest.raises(NotPossible, match=finding):
        read_sites(text, "S.json")


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda name: not why_reserved(name))
PLAIN_ROLES = [role for role in Role if role not in {Role.UPSTREAM, Role.MANHOLE}]
sensors = st.lists(
    st.one_of(
        st.builds(BoundSensor, names, st.sampled_from(PLAIN_ROLES), st.floats(-500, 2000)),
        st.builds(BoundSensor, names, st.just(Role.UPSTREAM), lag_s=st.none() | st.floats(0, 86_400)),
        st.builds(BoundSensor, names, st.just(Role.MANHOLE), crown_mm=st.floats(0, 900), rim_mm=st.floats(1000, 9000)),
    ),
    unique_by=lambda sensor: sensor.device_id,
    max_size=5,
).map(lambda bound: tuple(sorted(bound, key=lambda sensor: sensor.device_id)))
corners = st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=3, max_size=6, unique=True).map(tuple)


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


def test_the_example_in_the_how_to_is_read() -> None:
    [block] = re.findall(r"```json\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert read_sites(block, "sites.json")


@pytest.mark.parametrize(("field", "name"), [("site_id", "actual"), ("site_id", "telemetry"), ("world", "notice")])
def test_a_name_of_a_topic_level_is_refused(field: str, name: str) -> None:
    with pytest.raises(NotPossible, match="level of the platform's own topics"):
        read(entry(**{field: name}))
