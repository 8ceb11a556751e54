"""Raw rows, page by page."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.store.quality import SeriesFlag, save_flags
from tests.support.api import beijing, store_readings, water

NOON = beijing("07-20T12:00:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module", autouse=True)
def _readings(city: Engine) -> None:
    store_readings(city, [water("g1", NOON + n * MINUTE, float(n), channel=n % 2, battery_v=3.6) for n in range(10)])
    store_readings(city, [water("g1", NOON, None, channel=1, quality=Quality.MISSING)])
    store_readings(city, [SignalEvent("s1", NOON, 82, detector) for detector in range(25)])
    store_readings(city, [MeterValue("p1", n % 2, "", NOON, measurand, 1.0) for n in range(2) for measurand in _METERS])


_METERS = (Measurand.POWER_KW, Measurand.SOC_PCT, Measurand.VOLTAGE_V)


def _all(client: httpx.Client, device_id: str, **asked: Any) -> list[dict[str, Any]]:
    items = []
    while True:
        answer = client.get(f"/v1/devices/{device_id}/readings", params=asked)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        asked["after"] = answer.json()["next"]


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11, 1000])
@pytest.mark.parametrize(("device_id", "rows"), [("g1", 11), ("s1", 25), ("p1", 6), ("g2", 0)])
def test_pages_hold_every_row_once_in_order(client: httpx.Client, device_id: str, rows: int, limit: int) -> None:
    items = _all(client, device_id, limit=limit)
    assert len(items) == rows
    assert len({repr(item) for item in items}) == rows
    assert [item["time"] for item in items] == sorted(item["time"] for item in items)


def test_rows_are_shown_whatever_their_flags(client: httpx.Client) -> None:
    first, second = _all(client, "g1")[:2]
    assert (first["channel"], first["depth_mm"], first["battery_v"]) == (0, 0.0, 3.6)
    assert (second["channel"], second["depth_mm"], second["flags"]) == (1, None, ["missing"])
    assert first["time"] == "2026-07-20T12:00:00+08:00"


def test_from_is_included_and_to_is_not(client: httpx.Client) -> None:
    asked = {"from": (NOON + MINUTE).isoformat(), "to": (NOON + 3 * MINUTE).isoformat()}
    assert [item["depth_mm"] for item in _all(client, "g1", **asked)] == [1.0, 2.0]


def test_a_plus_character_may_be_left_as_it_is(client: httpx.Client) -> None:
    answer = client.get("/v1/devices/g1/readings?from=2026-07-20T12:08:00+08:00&limit=5")
    assert [item["depth_mm"] for item in answer.json()["items"]] == [8.0, 9.0]


def test_times_carry_the_offset_of_the_zone_that_was_asked_for(client: httpx.Client) -> None:
    assert _all(client, "s1", tz="America/New_York")[0]["time"] == "2026-07-20T00:00:00-04:00"
    assert _all(client, "s1", tz="UTC")[0]["time"] == "2026-07-20T04:00:00Z"


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-07-20T12:00:00"},  # no offset
        {"from": "0001-01-01T00:00:00+08:00"},
        {"to": "9999-12-31T23:59:59-12:00"},
        {"from": "yesterday"},
        {"tz": "Asia/Jinan"},
        {"tz": "../../etc/passwd"},
        {"limit": 0},
        {"limit": 1001},
        {"after": "nonsense"},
        {"after": "W10"},
        {"after": "WyIyMDI2LTA3LTIwVDA0OjAwOjAwKzAwOjAwIiwiYSJd"},  # a time and a text, where a number belongs
        {"after": "WyIyMDI2LTA3LTIwVDA0OjAwOjAwIiwxXQ"},  # a time without offset
        {"after": "WyIyMDI2LTA3LTIwVDA0OjAwOjAwKzAwOjAwIiw5OTk5OTk5OTk5OTk5OTldIn0"},
    ],
)
def test_parameters_that_cannot_be_are_problems(client: httpx.Client, asked: dict[str, Any]) -> None:
    answer = client.get("/v1/devices/g1/readings", params=asked)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:rencheng:problem:invalid-parameter"


def test_a_cursor_of_another_list_is_refused(client: httpx.Client) -> None:
    cursor = client.get("/v1/devices/p1/readings", params={"limit": 1}).json()["next"]
    assert client.get("/v1/devices/g1/readings", params={"after": cursor}).status_code == 422


def test_what_was_found_among_its_neighbours_stands_with_a_gauges_reading(client: httpx.Client, city: Engine) -> None:
    with city.begin() as connection:
        save_flags(connection, [SeriesFlag("g1", 1, NOON + 3 * MINUTE, Quality.SPIKE | Quality.RATE)])
    flagged = {item["time"]: item["series_flags"] for item in _all(client, "g1") if item["series_flags"]}

    assert flagged == {(NOON + 3 * MINUTE).isoformat(): ["spike", "rate"]}
    assert all("series_flags" not in item for item in _all(client, "p1"))
