"""The latest values of many devices in one answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.reach import Reach
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import DRILL, HUAIYIN, LIXIA, beijing, store_readings, water

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
DRILL_NOON = beijing("01-20T12:00:00")


@pytest.fixture(scope="module", autouse=True)
def _city_readings(city: Engine) -> None:
    with city.begin() as connection:
        connection.exec_driver_sql("UPDATE devices SET latitude = 36.65, longitude = 117.12 WHERE device_id = 'g1'")
        connection.exec_driver_sql("UPDATE devices SET latitude = 36.66, longitude = 116.9 WHERE device_id = 'g3'")
    store_readings(city, [water("g1", NOW - n * MINUTE, float(n), channel=n % 2) for n in range(4)])
    store_readings(city, [water("g3", NOW - timedelta(days=40), 9.0), water("dg1", DRILL_NOON, 55.0)])
    store_readings(city, [SignalEvent("s1", NOW - n * MINUTE, 82, n) for n in range(3)])
    store_readings(city, [MeterValue("p1", n, "", NOW - n * MINUTE, Measurand.POWER_KW, 1.5) for n in range(2)])


def _ask(client: httpx.Client, **asked: Any) -> dict[str, list[dict[str, Any]]]:
    answer = client.get("/v1/latest", params={"kind": "waterlogging"} | asked)
    assert answer.status_code == 200, answer.text
    return {item["device_id"]: item["readings"] for item in answer.json()["items"]}


def test_every_device_has_its_newest_value_of_each_channel(client: httpx.Client) -> None:
    found = _ask(client)
    assert {name: [(one["channel"], one["depth_mm"]) for one in rows] for name, rows in found.items()} == {
        "g1": [(0, 0.0), (1, 1.0)],
        "g2": [],
        "g3": [],
    }, "a gauge without a reading in 30 days has none, and is not dry"
    of_one = client.get("/v1/devices/g1/latest").json()["items"]
    assert [one | {"series_flags": []} for one in of_one] == [one | {"series_flags": []} for one in found["g1"]]
    assert [one["parameter"] for one in _ask(client, kind="signal")["s1"]] == [0]
    assert [one["connector_id"] for one in _ask(client, kind="charging")["p1"]] == [0, 1]
    assert [one["depth_mm"] for one in _ask(client, world=DRILL)["dg1"]] == [55.0], "an exercise has its own now"


def test_devices_are_chosen_by_region_box_site_and_change(client: httpx.Client) -> None:
    assert set(_ask(client, region=HUAIYIN)) == {"g3"}
    assert set(_ask(client, region="370000")) == {"g1", "g2", "g3"}
    assert set(_ask(client, bbox="117.0,36.6,117.2,36.7")) == {"g1"}
    assert set(_ask(client, bbox="170,-90,117.0,90")) == {"g3"}, "a box across the 180th meridian"
    assert set(_ask(client, site_id=["road", "nowhere"])) == {"g3"}
    assert _ask(client, changed_since=(datetime.now(UTC) + MINUTE).isoformat()) == {}
    assert set(_ask(client, changed_since=(datetime.now(UTC) - 30 * MINUTE).isoformat())) == {"g1"}


def test_pages_hold_every_device_once(client: httpx.Client) -> None:
    first = client.get("/v1/latest", params={"kind": "waterlogging", "limit": 2}).json()
    rest = client.get("/v1/latest", params={"kind": "waterlogging", "limit": 2, "after": first["next"]}).json()
    assert [one["device_id"] for one in first["items"] + rest["items"]] == ["g1", "g2", "g3"]
    assert rest["next"] is None
    assert first["as_of"].endswith("+08:00")


def test_a_map_reads_geojson(client: httpx.Client) -> None:
    by_path = client.get("/v1/latest.geojson", params={"kind": "waterlogging"})
    asked = {"Accept": "application/geo+json"}
    by_header = client.get("/v1/latest", params={"kind": "waterlogging"}, headers=asked)
    assert by_path.headers["content-type"] == by_header.headers["content-type"] == "application/geo+json"
    features = {one["id"]: one for one in by_path.json()["features"]}
    assert features == {one["id"]: one for one in by_header.json()["features"]}
    assert features["g1"]["geometry"] == {"type": "Point", "coordinates": [117.12, 36.65]}, "longitude first"
    assert features["g2"]["geometry"] is None
    assert features["g1"]["properties"]["readings"][0]["depth_mm"] == 0.0


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "nan,0,1,1", "0,1,1,0", "-181,0,1,1", "0,0,1,inf"])
def test_what_is_no_box_is_refused(client: httpx.Client, box: str) -> None:
    answer = client.get("/v1/latest", params={"kind": "waterlogging", "bbox": box})
    assert answer.status_code == 422
    assert "west,south,east,north" in answer.json()["detail"]


def test_a_bound_key_sees_its_region_only(city: Engine, anonymous: httpx.Client) -> None:
    with city.begin() as connection:
        token = api_keys.create(connection, "lixia", [KeyScope.TELEMETRY_READ], reach=Reach((LIXIA,), ("actual",)))
    headers = {"Authorization": f"Bearer {token}"}
    answer = anonymous.get("/v1/latest", params={"kind": "waterlogging"}, headers=headers)
    assert [one["device_id"] for one in answer.json()["items"]] == ["g1", "g2"]
    of_drill = anonymous.get("/v1/latest", params={"kind": "waterlogging", "world": DRILL}, headers=headers)
    assert of_drill.status_code == 403
