"""Devices: registered properties, online state, newest reading."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.device import DeviceState
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.store.registry.devices import retire, save_states
from tests.support.api import HUAIYIN, beijing, store_readings, water

NOON = beijing("07-20T12:00:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module", autouse=True)
def _states(city: Engine) -> None:
    with city.begin() as connection:
        save_states(connection, [DeviceState("g1", online=True, received_at=NOON)])
        save_states(connection, [DeviceState("s1", online=False, received_at=NOON)])
        retire(connection, "g3")


def _names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["device_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["g1", "g2", "g3", "p1", "s1"]),
        ({"world": "all"}, ["dg1", "dp1", "g1", "g2", "g3", "p1", "s1"]),
        ({"world": "*", "kind": "charging"}, ["dp1", "p1"]),
        ({"region": HUAIYIN}, ["g3"]),
        ({"region": "370100"}, ["g1", "g2", "g3", "p1", "s1"]),
        ({"region": "370000", "kind": "signal"}, ["s1"]),
        ({"region": "371000"}, []),
        ({"site_id": "underpass"}, ["g1", "g2"]),
        ({"world": "drill"}, ["dg1", "dp1"]),
        ({"world": "actual", "kind": "waterlogging"}, ["g1", "g2", "g3"]),
        ({"online": "true"}, ["g1"]),
        ({"online": "false"}, ["s1"]),
        ({"world": "nowhere"}, []),
    ],
)
def test_filters(client: httpx.Client, asked: dict[str, str], names: list[str]) -> None:
    assert _names(client.get("/v1/devices", params=asked)) == names


def test_pages_hold_every_device_once(client: httpx.Client) -> None:
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 3, "world": "all"}
    while True:
        answer = client.get("/v1/devices", params=asked)
        seen += _names(answer)
        if answer.json()["next"] is None:
            break
        asked["after"] = answer.json()["next"]
    assert seen == ["dg1", "dp1", "g1", "g2", "g3", "p1", "s1"]


def test_a_last_page_that_is_full_says_so(client: httpx.Client) -> None:
    assert client.get("/v1/devices", params={"limit": 7, "world": "all"}).json()["next"] is None


def test_one_device(client: httpx.Client, city: Engine) -> None:
    store_readings(city, [water("g2", NOON, 12.0)])
    device = client.get("/v1/devices/g2").json()
    assert device["last_reading_at"] == "2026-07-20T12:00:00+08:00"
    assert device["online"] is None
    assert device["retired_at"] is None
    assert "mqtt_password_hash" not in device


def test_a_device_that_nobody_registered(client: httpx.Client) -> None:
    for path in ("", "/latest", "/readings", "/history?from=2026-07-20T00:00:00Z&to=2026-07-21T00:00:00Z"):
        answer = client.get(f"/v1/devices/nobody{path}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == "There is no device 'nobody'."


def test_latest_of_a_gauge_is_a_reading_of_each_channel(client: httpx.Client, city: Engine) -> None:
    store_readings(city, [water("g1", NOON, 100.0), water("g1", NOON + MINUTE, None, quality=Quality.MISSING)])
    store_readings(city, [water("g1", NOON, 7.0, channel=1), water("g1", NOON - MINUTE, 3.0, channel=1)])
    store_readings(city, [water("g1", NOON - timedelta(days=8), 3.0, channel=2)])
    answer = client.get("/v1/devices/g1/latest").json()
    assert answer["kind"] == "waterlogging"
    assert [(item["channel"], item["depth_mm"], item["flags"]) for item in answer["items"]] == [
        (0, None, ["missing"]),
        (1, 7.0, []),
    ]


def test_latest_of_a_pile_is_a_value_of_each_connector_and_measurand(client: httpx.Client, city: Engine) -> None:
    store_readings(
        city,
        [
            MeterValue("p1", 1, "t1", NOON, Measurand.POWER_KW, 50.0),
            MeterValue("p1", 1, "t1", NOON + MINUTE, Measurand.POWER_KW, 60.0),
            MeterValue("p1", 1, "t1", NOON, Measurand.ENERGY_KWH, 5.0),
            MeterValue("p1", 2, "", NOON, Measurand.STATUS, status="Faulted", error_code="GroundFailure"),
        ],
    )
    answer = client.get("/v1/devices/p1/latest").json()
    assert [(item["connector_id"], item["measurand"], item["value"]) for item in answer["items"]] == [
        (1, "energy_kwh", 5.0),
        (1, "power_kw", 60.0),
        (2, "status", None),
    ]
    assert answer["items"][2]["error_code"] == "GroundFailure"


def test_latest_of_a_signal_is_its_last_events(client: httpx.Client, city: Engine) -> None:
    store_readings(city, [SignalEvent("s1", NOON + n * MINUTE, 1, n) for n in range(5)])
    answer = client.get("/v1/devices/s1/latest", params={"events": 2}).json()
    assert [item["parameter"] for item in answer["items"]] == [4, 3]


def test_latest_of_a_device_that_never_spoke(client: httpx.Client) -> None:
    assert client.get("/v1/devices/dp1/latest").json()["items"] == []
    assert client.get("/v1/devices/dp1").json()["last_reading_at"] is None
