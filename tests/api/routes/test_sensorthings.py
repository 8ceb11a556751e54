"""SensorThings 1.1 over the rows of the city: what QGIS, portals and `frost-sta-client` ask."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from rencheng.domain.quality import Quality
from rencheng.domain.reach import Reach
from rencheng.domain.reading import MeterValue, SignalEvent
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import HUAIYIN, PATIENCE_S, MakeToken, beijing, store_readings, water
from tests.support.odata_filters import EXPRESSIONS

NOON = beijing("07-20T12:00:00")
BOX = "Polygon ((117.1 36.6, 117.2 36.6, 117.2 36.7, 117.1 36.7, 117.1 36.6))"


@pytest.fixture(scope="module")
def things(client: httpx.Client, city: Engine) -> httpx.Client:
    """A client of the SensorThings service of a city with readings."""
    store_readings(city, [water("g1", NOON + timedelta(minutes=n), 100.0 + n, rain_mm=0.5) for n in range(5)])
    store_readings(
        city, [water("g1", NOON + timedelta(minutes=9), None, quality=Quality.MISSING), water("g3", NOON, 7.0)]
    )
    store_readings(city, [water("dg1", NOON, 900.0)])
    store_readings(city, [SignalEvent("s1", NOON, 3, 2)])
    store_readings(city, [MeterValue("p1", 1, "a,'b", NOON, "power_kw/L1", 11.0)])
    return client


def get(client: httpx.Client, path: str, status: int = 200, **options: object) -> Any:
    given = {f"${name}": str(value) for name, value in options.items()}
    answer = client.get(f"/sta/v1.1/{path}", params=given or None)
    assert answer.status_code == status, answer.text
    return answer.json()


def ids(document: Any) -> list[str]:
    return [each["@iot.id"] for each in document["value"]]


def follow(client: httpx.Client, link: str) -> Any:
    """Follow a link, which names the public address, at the address of the test."""
    parts = urlsplit(link)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_root_lists_the_sets_and_each_link_leads_somewhere(things: httpx.Client) -> None:
    root = things.get("/sta/v1.1").json()
    assert len(root["value"]) == 8
    for each in root["value"]:
        entity = follow(things, each["url"])["value"][0]
        assert follow(things, entity["@iot.selfLink"])["@iot.id"] == entity["@iot.id"]
        for name, link in entity.items():
            if name.endswith("@iot.navigationLink"):
                follow(things, link)


def test_a_client_walks_from_a_thing_to_its_observations(things: httpx.Client) -> None:
    thing = get(things, "Things('g1')")
    assert thing["name"] == "北侧"
    assert thing["properties"]["region_zh"] == "历下区"
    assert ids(get(things, "Things('g1')/Datastreams")) == ["g1:depth", "g1:rain"]
    depth = get(things, "Things('g1')/Datastreams('g1:depth')", expand="ObservedProperty,Sensor,Thing")
    assert depth["unitOfMeasurement"]["symbol"] == "mm"
    assert depth["Thing"]["@iot.id"] == "g1"
    assert depth["Sensor"]["@iot.id"] == "waterlogging"
    found = get(things, "Datastreams('g1:depth')/Observations", top=2, count="true")
    assert found["@iot.count"] == 6
    assert [each["result"] for each in found["value"]] == [None, 104.0]  # not measured is never 0
    assert found["value"][0]["resultQuality"] == ["missing"]
    assert "$skiptoken" in found["@iot.nextLink"]
    rest = follow(things, found["@iot.nextLink"])
    assert [each["result"] for each in rest["value"]] == [103.0, 102.0]
    assert get(things, "Things('g1')/Locations")["value"][0]["location"]["coordinates"] == [117.12, 36.65]
    power = get(things, "Datastreams('p1:power_kw')/Observations")["value"][0]
    assert power["result"] == 11.0
    assert follow(things, power["@iot.selfLink"])["result"] == 11.0
    feature = follow(things, rest["value"][0]["FeatureOfInterest@iot.navigationLink"])
    assert feature["@iot.id"] == "site:underpass"
    assert len(get(things, "FeaturesOfInterest('site:underpass')/Observations")["value"]) == 12
    assert get(things, "Datastreams('s1:event')/Observations")["value"][0]["result"] == 3.0


def test_properties_values_and_references(things: httpx.Client) -> None:
    assert get(things, "Things('g1')/name") == {"name": "北侧"}
    assert things.get("/sta/v1.1/Things('g1')/properties/region/$value").text == "370102"
    assert things.get("/sta/v1.1/Things('g1')/properties/retired_at/$value").status_code == 204
    refs = get(things, "Things('g1')/Datastreams/$ref", top=1)
    assert refs["value"] == [{"@iot.selfLink": get(things, "Datastreams('g1:depth')")["@iot.selfLink"]}]
    assert follow(things, refs["@iot.nextLink"])["value"][0]["@iot.selfLink"].endswith("Datastreams('g1:rain')")
    picked = get(things, "Things", select="name,@iot.id,Datastreams", top=1)["value"][0]
    assert sorted(picked) == ["@iot.id", "@iot.selfLink", "Datastreams@iot.navigationLink", "name"]


@pytest.mark.parametrize(
    ("path", "condition", "found"),
    [
        ("Things", "properties/region eq '370104'", ["g3"]),
        ("Things", "startswith(name,'北') or @iot.id eq 's1'", ["g1", "s1"]),
        ("Things", "not (properties/kind eq 'waterlogging')", ["p1", "s1"]),
        ("Things", "Datastreams/ObservedProperty/@iot.id eq 'event'", ["s1"]),
        ("Things", f"st_within(Locations/location, geography'{BOX.upper()}')", ["g1", "g2"]),
        ("Things", "properties/retired_at eq null and length(id) eq 2 and id in ('g1','s1')", ["g1", "s1"]),
        ("Locations", f"geo.intersects(location, geography'{BOX}')", ["g1", "g2"]),
        ("Locations", "location/type eq 'Point' or location/geometry/type eq 'Point'", ["g1", "g2", "g3"]),
        ("Datastreams", "Thing/properties/region eq '370104' and name ne 'x'", ["g3:depth", "g3:rain"]),
        ("Sensors", "id eq 'signal'", ["signal"]),
        ("FeaturesOfInterest", f"geo.intersects(feature, geography'{BOX}')", ["site:underpass"]),
    ],
)  # fmt: skip
def test_filters(things: httpx.Client, path: str, condition: str, found: list[str]) -> None:
    assert ids(get(things, path, filter=condition)) == found


def test_observations_are_filtered_by_time_and_region(things: httpx.Client) -> None:
    # the plus sign of the second time is not escaped, as many clients send it
    path = "Datastreams('g1:depth')/Observations?$orderby=phenomenonTime%20asc&$filter="
    span = "phenomenonTime%20ge%202026-07-20T04:02:00Z%20and%20phenomenonTime%20lt%202026-07-20T12:04:00+08:00"
    assert [each["result"] for each in get(things, path + span)["value"]] == [102.0, 103.0]
    named = get(things, "Observations", filter="result gt 101 and Datastream/@iot.id eq 'g1:depth' and result lt 104")
    assert [each["result"] for each in named["value"]] == [103.0, 102.0]
    assert get(things, "Observations", filter="Datastream/id eq 'g1:none'")["value"] == []
    there = get(things, "Observations", filter=f"Datastream/properties/region eq '{HUAIYIN}' and result gt 5")
    assert [each["result"] for each in there["value"]] == [7.0]


def test_what_qgis_asks(things: httpx.Client) -> None:
    assert get(things, "Locations", top=0, count="true") == {"@iot.count": 3, "value": []}
    page = get(things, "Locations", top=2, count="false", expand="Things($orderby=id asc;$top=1;$expand=Datastreams)")
    assert [len(each["Things"][0]["Datastreams"]) for each in page["value"]] == [2, 2]
    assert ids(follow(things, page["@iot.nextLink"])) == ["g3"]


def test_the_latest_observation_of_every_thing_takes_one_statement_a_level(things: httpx.Client, city: Engine) -> None:
    with_latest = "Datastreams($expand=Observations($orderby=phenomenonTime desc;$top=1))"
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.extend([statement] if "FROM devices" in statement else [])

    event.listen(Engine, "before_cursor_execute", note)
    found = get(things, "Things", expand=with_latest, top=5_000, orderby="id desc")
    event.remove(Engine, "before_cursor_execute", note)
    assert len(asked) == 3
    by_id = {each["@iot.id"]: each for each in found["value"]}
    assert list(by_id) == ["s1", "p1", "g3", "g2", "g1"]
    depth, rain = by_id["g1"]["Datastreams"]
    assert [each["result"] for each in depth["Observations"] + rain["Observations"]] == [None, None]
    assert "$skip=1" in depth["Observations@iot.nextLink"]
    assert follow(things, depth["Observations@iot.nextLink"])["value"][0]["result"] == 104.0
    assert [each["Observations"] for each in by_id["g2"]["Datastreams"]] == [[], []]


def test_a_bound_key_sees_its_regions_and_worlds_only(things: httpx.Client, city: Engine) -> None:
    def with_key(regions: tuple[str, ...], worlds: tuple[str, ...]) -> httpx.Client:
        with city.begin() as connection:
            reach = Reach(regions, worlds)
            token = api_keys.create(connection, "bound", (KeyScope.TELEMETRY_READ,), None, reach=reach)
        basic = base64.b64encode(f"qgis:{token}".encode()).decode()
        return httpx.Client(base_url=things.base_url, headers={"Authorization": f"Basic {basic}"}, timeout=PATIENCE_S)

    with with_key((HUAIYIN,), ()) as bound:
        assert ids(get(bound, "Things")) == ["g3"]
        assert {each["result"] for each in get(bound, "Observations")["value"]} == {7.0, None}
        assert ids(get(bound, "FeaturesOfInterest")) == ["site:road"]
        mine = get(things, "Datastreams('g1:depth')/Observations")["value"][0]["@iot.id"]
        for path in (
            "Things('g1')",
            "Datastreams('g1:depth')/Observations",
            f"Observations('{mine}')",
            "Things('dg1')",
        ):
            assert get(bound, path, 404)["code"] == 404
        assert ids(get(bound, "Sensors('waterlogging')/Datastreams")) == ["g3:depth", "g3:rain"]
    with with_key((), ("drill",)) as bound:
        assert ids(get(bound, "Things")) == ["dg1", "dp1"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Things?$filter=name eq", 400),
        ("Things?$filter=name eq 5", 400),
        ("Things?$filter=nothing eq 5", 400),
        ("Things?$top=-1", 400),
        ("Things?$expand=Nothing", 400),
        ("Things?$unknown=1", 400),
        ("Things?$skiptoken=abc", 400),
        ("Observations?$filter=phenomenonTime ge 2026-07-20T04:02:00", 400),
        ("Locations?$filter=geo.intersects(location, geography'POINT(1 2)')", 501),
        ("Locations?$filter=geo.distance(location, geography'POINT(1 2)') lt 1", 501),
        ("Things?$filter=Datastreams/Observations/result gt 1", 501),
        ("Things?$filter=Datastreams/any(d: d/name eq 'x')", 501),
        ("Things?$expand=Datastreams($count=true)", 501),
        ("Things(1)", 404),
        ("Nothing", 404),
        ("Things/Datastreams", 404),
        ("Observations('g1:depth:x:0')", 404),
    ],
)
def test_a_refused_query_says_why_as_sensorthings_clients_expect(things: httpx.Client, path: str, status: int) -> None:
    problem = get(things, path, status)
    assert problem["code"] == problem["status"] == status
    assert problem["message"] == problem["detail"]
    assert problem["type"].startswith("urn:rencheng:problem:")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(["Things", "Datastreams", "Datastreams('g1:depth')/Observations"]), text=EXPRESSIONS)
def test_any_filter_is_answered_or_refused_clearly(things: httpx.Client, path: str, text: str) -> None:
    options = {"$filter": text.encode("utf-8", "replace").decode(), "$top": "1", "$count": "true"}
    answer = things.get(f"/sta/v1.1/{path}", params=options)
    assert answer.status_code in {200, 400, 501}, (text, answer.text)
    if answer.status_code != 200:
        assert answer.json()["message"]


def test_the_client_of_frost_walks_and_filters(things: httpx.Client, make_token: MakeToken) -> None:
    """The client needs a package without a wheel, which the setup does not build."""
    frost = pytest.importorskip("frost_sta_client")
    url = f"{things.base_url}/sta/v1.1"
    login = frost.AuthHandler(username="client", password=make_token(KeyScope.TELEMETRY_READ))
    service = frost.SensorThingsService(url, auth_handler=login)
    [thing] = service.things().query().filter("properties/region eq '370104'").list().entities
    assert thing.id == "g3"
    [depth, _] = service.things().find("g1").get_datastreams().query().list().entities
    assert depth.unit_of_measurement.symbol == "mm"
    span = "phenomenonTime ge 2026-07-20T04:02:00Z and phenomenonTime lt 2026-07-20T04:04:00Z"
    found = depth.get_observations().query().filter(span).orderby("phenomenonTime", "asc").list().entities
    assert [each.result for each in found] == [102.0, 103.0]
