"""History by bucket: contents, beginnings and limits."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.store.rollups.refresh import roll_up
from services.api.http import buckets
from tests.support.api import beijing, store_readings, water

NOON = beijing("07-20T12:00:00")
MINUTE = timedelta(minutes=1)
PHASES_AT = beijing("07-18T12:00:00")
PHASES_SPAN = {"from": PHASES_AT.isoformat(), "to": (PHASES_AT + MINUTE).isoformat()}


@pytest.fixture(scope="module", autouse=True)
def _readings(city: Engine) -> None:
    store_readings(
        city,
        [
            water("g1", NOON, 100.0, rain_mm=1.5),
            water("g1", NOON + MINUTE, 200.0, rain_mm=0.5),
            water("g1", NOON + 2 * MINUTE, None, quality=Quality.MISSING),
            water("g1", NOON + 3 * MINUTE, 9999.0, quality=Quality.GROSS_RANGE | Quality.TILTED),
            water("g1", NOON + 4 * MINUTE, None, rain_mm=0.25),  # rain alone: nothing is wrong with it
            water("g1", NOON + 10 * MINUTE, None, quality=Quality.MISSING),
            water("g2", NOON + MINUTE, 40.0),
        ],
    )
    store_readings(city, [SignalEvent("s1", NOON + n * MINUTE, 1 if n % 3 else 82, n) for n in range(9)])
    store_readings(city, [MeterValue("p1", 1, "t", NOON + n * MINUTE, Measurand.POWER_KW, 10.0 + n) for n in range(5)])
    store_readings(city, [MeterValue("p1", 1, "t", NOON, Measurand.ENERGY_KWH, 3.0)])
    store_readings(city, [MeterValue("p1", 2, "", NOON, Measurand.STATUS, status="Available")])
    store_readings(
        city, [MeterValue("p1", 2, "", NOON + MINUTE, Measurand.STATUS, status="Faulted", error_code="GroundFailure")]
    )
    phases = ("current_a", "current_a/L1", "current_a/L2/Inlet", "voltage_v/L1/Transaction.End")
    store_readings(city, [MeterValue("p1", 3, "t", PHASES_AT, name, 10.0 + n) for n, name in enumerate(phases)])
    # days in Beijing begin at 16:00 UTC; in New York the clocks went forward on 2026-03-08
    store_readings(city, [water("g3", beijing(moment), 10.0) for moment in _NEAR_MIDNIGHT])
    store_readings(city, [water("g3", beijing("03-08T14:30:00"), 10.0), water("g3", beijing("03-08T15:30:00"), 10.0)])


_NEAR_MIDNIGHT = ("07-19T23:59:59", "07-20T00:00:00", "07-20T07:59:59", "07-20T08:00:00", "07-21T00:00:00")


def _ask(client: httpx.Client, what: str, bucket: str | None = "5m", **asked: Any) -> dict[str, Any]:
    span = {"from": (NOON - timedelta(hours=1)).isoformat(), "to": (NOON + timedelta(hours=1)).isoformat()}
    answer = client.get(f"/v1/{what}/history", params=span | ({"bucket": bucket} if bucket else {}) | asked)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_depths_that_cannot_be_are_counted_apart(client: httpx.Client) -> None:
    first, second = _ask(client, "devices/g1")["items"]
    assert first == {
        "time": "2026-07-20T12:00:00+08:00",
        "device_id": "g1",
        "channel": 0,
        "depth_mm_min": 100.0,
        "depth_mm_avg": 150.0,
        "depth_mm_max": 200.0,
        "rain_mm": 2.25,
        "count": 5,
        "usable": 2,
        "unusable": 2,
        "quality": 7,
        "flags": ["missing", "gross_range", "tilted"],
    }
    assert second["time"] == "2026-07-20T12:10:00+08:00"
    assert (second["count"], second["unusable"]) == (1, 1)
    assert second["depth_mm_min"] is second["depth_mm_avg"] is second["depth_mm_max"] is second["rain_mm"] is None


def test_a_bucket_that_nobody_filled_is_absent(client: httpx.Client) -> None:
    times = [item["time"][11:16] for item in _ask(client, "devices/g1", "1m")["items"]]
    assert times == ["12:00", "12:01", "12:02", "12:03", "12:04", "12:10"]
    empty = {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z"}
    assert _ask(client, "devices/g1", **empty)["items"] == []


def test_a_pile_has_figures_of_each_connector_and_measurand(client: httpx.Client) -> None:
    answer = _ask(client, "devices/p1")
    assert answer["kind"] == "charging"
    energy, power, status = answer["items"]
    assert (energy["measurand"], energy["last"]) == ("energy_kwh", 3.0)
    assert [power[name] for name in ("measurand", "avg", "min", "max", "last", "count")] == [
        "power_kw", 12.0, 10.0, 14.0, 14.0, 5,
    ]  # fmt: skip
    assert (status["connector_id"], status["last_status"], status["last_error_code"]) == (2, "Faulted", "GroundFailure")
    assert status["avg"] is status["last"] is None


def test_a_signal_has_counts_of_each_event_number(client: httpx.Client) -> None:
    items = _ask(client, "devices/s1")["items"]
    assert [(item["time"][11:16], item["event_id"], item["count"]) for item in items] == [
        ("12:00", 1, 3),
        ("12:00", 82, 2),
        ("12:05", 1, 3),
        ("12:05", 82, 1),
    ]


def test_days_begin_at_midnight_of_the_zone(client: httpx.Client) -> None:
    span = {"from": "2026-07-19T00:00:00+08:00", "to": "2026-07-23T00:00:00+08:00"}
    beijing_days = _ask(client, "devices/g3", "1d", **span)
    assert [(item["time"], item["count"]) for item in beijing_days["items"]] == [
        ("2026-07-19T00:00:00+08:00", 1),
        ("2026-07-20T00:00:00+08:00", 3),
        ("2026-07-21T00:00:00+08:00", 1),
    ]
    assert beijing_days["tz"] == "Asia/Shanghai"
    utc_days = _ask(client, "devices/g3", "1d", tz="UTC", **span)["items"]
    assert [(item["time"], item["count"]) for item in utc_days] == [
        ("2026-07-19T00:00:00Z", 3),
        ("2026-07-20T00:00:00Z", 2),
    ]


def test_hours_do_not_stumble_over_a_change_of_clocks(client: httpx.Client) -> None:
    span = {"from": "2026-03-08T00:00:00-05:00", "to": "2026-03-09T00:00:00-04:00", "tz": "America/New_York"}
    hours = _ask(client, "devices/g3", "1h", **span)["items"]
    assert [item["time"] for item in hours] == ["2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00"]
    [day] = _ask(client, "devices/g3", "1d", **span)["items"]
    assert (day["time"], day["count"]) == ("2026-03-08T00:00:00-05:00", 2)


def test_from_is_included_and_to_is_not(client: httpx.Client) -> None:
    span = {"from": (NOON + MINUTE).isoformat(), "to": (NOON + 4 * MINUTE).isoformat()}
    [item] = _ask(client, "devices/g1", **span)["items"]
    assert item["count"] == 3


def test_a_site_shows_all_its_gauges(client: httpx.Client) -> None:
    answer = _ask(client, "sites/underpass")
    assert [(item["device_id"], item["depth_mm_max"]) for item in answer["items"]] == [
        ("g1", 200.0),
        ("g2", 40.0),
        ("g1", None),
    ]
    assert answer["world"] == "actual"
    assert client.get("/v1/sites/nowhere/history", params=_YEAR).status_code == 404


_YEAR = {"from": "2026-01-01T00:00:00+08:00", "to": "2027-01-01T00:00:00+08:00"}


@pytest.mark.parametrize(
    ("length", "width"), [(timedelta(hours=1), "10s"), (timedelta(days=1), "5m"), (timedelta(days=365), "12h")]
)
def test_left_to_us_the_width_suits_the_span(client: httpx.Client, length: timedelta, width: str) -> None:
    span = {"from": NOON.isoformat(), "to": (NOON + length).isoformat()}
    assert _ask(client, "devices/g1", None, **span)["bucket"] == width


def test_too_many_buckets_are_refused_with_the_width_that_would_do(client: httpx.Client) -> None:
    answer = client.get("/v1/devices/g1/history", params=_YEAR | {"bucket": "1m"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:rencheng:problem:response-too-large"
    assert problem["suggested_bucket"] == "3h"
    assert "bucket=3h" in problem["detail"]
    answer = client.get("/v1/devices/g1/history", params=_YEAR | {"bucket": problem["suggested_bucket"]})
    assert answer.status_code == 200


def test_a_span_that_no_width_suits_is_refused(client: httpx.Client) -> None:
    ages = {"from": "1970-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "bucket": "7d"}
    answer = client.get("/v1/devices/g1/history", params=ages)
    assert answer.status_code == 422
    assert "suggested_bucket" not in answer.json()


def test_too_many_rows_are_refused_too(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.api.routes.readings.history.ROWS_MAX", 3)
    answer = client.get("/v1/devices/s1/history", params=_YEAR | {"bucket": "3h"})
    assert answer.status_code == 200
    span = {"from": NOON.isoformat(), "to": (NOON + 9 * MINUTE).isoformat()}
    answer = client.get("/v1/devices/s1/history", params=span | {"bucket": "5m"})
    assert (answer.status_code, answer.json()["suggested_bucket"]) == (422, "10m")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"from": _YEAR["from"]},
        {"from": _YEAR["to"], "to": _YEAR["from"]},
        {"from": _YEAR["from"], "to": _YEAR["from"]},
        _YEAR | {"bucket": "2m"},
        _YEAR | {"bucket": "1m'; DROP TABLE sites"},
    ],
)
def test_questions_that_cannot_be(client: httpx.Client, asked: dict[str, str]) -> None:
    assert client.get("/v1/devices/g1/history", params=asked).status_code == 422


def test_every_width_but_the_last_has_a_coarser_one() -> None:
    spans = [width.span for width in buckets.Width]
    assert spans == sorted(spans)
    assert [width.coarser for width in buckets.Width] == [*list(buckets.Width)[1:], None]


def test_when_readings_were_dropped_rollups_answer_and_what_is_too_fine_is_refused(
    client: httpx.Client, city: Engine
) -> None:
    span = {"from": "2026-06-01T10:00:30+08:00", "to": "2026-06-01T11:00:00+08:00"}
    store_readings(
        city, [water("g3", beijing(f"06-01T10:{minute:02}:15"), float(minute)) for minute in range(0, 60, 5)]
    )
    roll_up(city, budget_s=60)
    with city.begin() as connection:
        connection.execute(text("DELETE FROM waterlogging_readings WHERE time < '2026-06-02T00:00:00Z'"))
        connection.execute(
            text("INSERT INTO storage_horizons VALUES ('waterlogging', 'raw', '2026-06-02T00:00:00Z')"),
        )
    halves = _ask(client, "devices/g3", "30m", **span)["items"]
    refused = client.get("/v1/devices/g3/history", params=span | {"bucket": "10s"})
    chosen = _ask(client, "devices/g3", None, **span)

    assert [(item["time"][11:16], item["count"], item["depth_mm_avg"]) for item in halves] == [
        ("10:00", 6, 12.5),  # the minute that `from` cuts is kept whole, or not at all
        ("10:30", 6, 42.5),
    ]
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:rencheng:problem:resolution-not-kept")
    assert refused.json()["suggested_bucket"] == "1m"
    assert (chosen["bucket"], len(chosen["items"])) == ("1m", 12)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [10, 11, 12, 13]),
        ({"phase": "L1"}, [11, 13]),
        ({"measurand": "current_a"}, [10, 11, 12]),
        ({"measurand": "current_a", "phase": "L2"}, [12]),
        ({"location": "Inlet"}, [12]),
        ({"measurand": "power_kw"}, []),
    ],
)
def test_the_values_of_one_measurand_phase_and_location_can_be_asked_for(
    client: httpx.Client, city: Engine, asked: dict[str, str], found: list[float]
) -> None:
    items = _ask(client, "devices/p1", **PHASES_SPAN, **asked)["items"]
    assert [item["avg"] for item in items] == found
    roll_up(city, budget_s=60, ahead=timedelta(days=1))
    assert _ask(client, "devices/p1", **PHASES_SPAN, **asked)["items"] == items


def test_a_meter_value_is_shown_with_its_qualifiers(client: httpx.Client) -> None:
    values = [one for one in client.get("/v1/devices/p1/latest").json()["items"] if one["connector_id"] == 3]
    parts = [(one["measurand"], one["phase"], one["location"], one["context"]) for one in values]
    assert parts == [
        ("current_a", None, None, None),
        ("current_a", "L1", None, None),
        ("current_a", "L2", "Inlet", None),
        ("voltage_v", "L1", None, "Transaction.End"),
    ]


def test_a_gauge_has_no_measurands_to_ask_for(client: httpx.Client) -> None:
    span = {"from": (NOON - timedelta(hours=1)).isoformat(), "to": NOON.isoformat()}
    answer = client.get("/v1/devices/g1/history", params=span | {"phase": "L1"})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "`measurand`, `phase` and `location` are for chargers.",
    )
