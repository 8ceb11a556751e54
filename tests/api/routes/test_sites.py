"""The state of sites. A site without data is never shown as dry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, WaterReading
from tests.support.api import HUAIYIN, beijing, evaluate_readings, store_readings, water

MINUTE = timedelta(minutes=1)
LONG_AGO = beijing("07-20T12:00:00")


@pytest.fixture(autouse=True)
def _empty(city: Engine) -> None:
    with city.begin() as connection:
        for table in ("waterlogging_readings", "meter_values", "warnings", "site_states"):
            connection.execute(text(f"DELETE FROM {table}"))


def _site(client: httpx.Client, site_id: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/sites/{site_id}", params=asked)
    assert answer.status_code == 200, answer.text
    detail: dict[str, Any] = answer.json()
    [row] = [
        row
        for row in client.get("/v1/sites", params={"world": "all"} | asked).json()["items"]
        if row["site_id"] == site_id
    ]
    of_the_moment = {"now", "latest"}
    assert {k: v for k, v in row.items() if k not in of_the_moment}.items() <= detail.items()
    return detail


def _now() -> datetime:
    return datetime.now(UTC)


OK = {"state": "ok", "reason": None, "since": None}
NEVER_REPORTED = {"state": "no_data", "reason": "never_reported", "since": None}


def _series(device_id: str, step: timedelta, count: int, until: datetime, depth_mm: float = 0.0) -> list[WaterReading]:
    """Readings at a fixed interval, the newest at `until`."""
    return [water(device_id, until - n * step, depth_mm) for n in reversed(range(count))]


def test_a_fresh_depth(client: httpx.Client, city: Engine) -> None:
    evaluate_readings(city, [water("g3", _now() - MINUTE, 152.0)])
    site = _site(client, "road")
    assert (site["monitoring"], site["level"], site["depth_mm"]) == (OK, "none", 152.0)
    assert 59 <= site["latest"]["age_s"] <= 90
    assert site["thresholds"]["red"]["depth_mm"] == 400.0
    assert site["now"].endswith("+08:00")


def test_a_site_that_has_never_reported_has_no_data(client: httpx.Client) -> None:
    site = _site(client, "road")
    assert (site["monitoring"], site["depth_mm"], site["latest"]) == (NEVER_REPORTED, None, None)


def test_a_gauge_that_reports_every_quarter_of_an_hour_has_data_between_its_readings(
    client: httpx.Client, city: Engine
) -> None:
    """By the engine's rule, five reporting intervals. A fixed limit of ten minutes would report no data."""
    evaluate_readings(city, _series("g3", 15 * MINUTE, 6, _now() - 14 * MINUTE, 40.0))
    site = _site(client, "road")
    assert (site["monitoring"], site["depth_mm"]) == (OK, 40.0)


def test_a_silent_gauge_is_shown_with_its_last_depth_and_since_when_it_is_silent(
    client: httpx.Client, city: Engine
) -> None:
    last = (_now() - 80 * MINUTE).replace(microsecond=0)
    evaluate_readings(city, _series("g3", 15 * MINUTE, 6, last, 40.0))
    site = _site(client, "road", tz="UTC")
    since = (last + 75 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert site["monitoring"] == {"state": "no_data", "reason": "silent", "since": since}
    assert (site["depth_mm"], site["latest"]["depth_mm"]) == (None, 40.0)
    assert site["latest"]["age_s"] >= 80 * 60
    assert [gauge["monitoring"] for gauge in site["gauges"]] == [site["monitoring"]]


def test_a_gauge_at_fault_gives_no_data_however_recent_its_readings_are(client: httpx.Client, city: Engine) -> None:
    zigzag = [water("g3", _now() - n * MINUTE, 80.0 * (n % 2)) for n in reversed(range(60))]
    evaluate_readings(city, zigzag)
    site = _site(client, "road")
    assert (site["monitoring"]["state"], site["depth_mm"]) == ("no_data", None)
    assert site["monitoring"]["reason"] == "spiky"
    assert site["monitoring"]["since"] < site["now"]


@pytest.mark.parametrize(
    ("depth_mm", "quality", "reason"),
    [
        (9000.0, Quality.GROSS_RANGE, "no_measurement"),
        (0.0, Quality.MISSING, "no_measurement"),
        (None, Quality.MISSING, "silent"),  # its rain alone
        (None, Quality.NOTHING_FOUND, "silent"),
    ],
)
def test_a_gauge_that_reports_and_measures_nothing_has_no_data(
    client: httpx.Client, city: Engine, depth_mm: float | None, quality: Quality, reason: str
) -> None:
    sound = _series("g3", MINUTE, 10, _now() - 20 * MINUTE, 80.0)
    evaluate_readings(city, [*sound, water("g3", _now(), depth_mm, rain_mm=1.0, quality=quality)])
    site = _site(client, "road")
    assert (site["monitoring"]["reason"], site["depth_mm"]) == (reason, None)
    assert site["latest"]["depth_mm"] == 80.0


def test_of_gauges_with_data_the_deepest_is_shown(client: httpx.Client, city: Engine) -> None:
    evaluate_readings(city, [water("g1", _now() - 5 * MINUTE, 210.0), water("g2", _now(), 0.0)])
    site = _site(client, "underpass")
    assert (site["depth_mm"], site["latest"]["device_id"]) == (210.0, "g1")
    assert [gauge["monitoring"] for gauge in site["gauges"]] == [OK, OK]


def test_a_gauge_without_data_is_not_shown_while_another_has_some(client: httpx.Client, city: Engine) -> None:
    silent = _series("g1", MINUTE, 10, _now() - 30 * MINUTE, 210.0)
    evaluate_readings(city, [*silent, water("g2", _now(), 5.0)])
    site = _site(client, "underpass")
    assert (site["monitoring"], site["depth_mm"]) == (OK, 5.0)
    gauges = [(gauge["device_id"], gauge["monitoring"]["reason"]) for gauge in site["gauges"]]
    assert gauges == [("g1", "silent"), ("g2", None)]


def test_in_an_exercise_now_is_its_newest_reading_time(client: httpx.Client, city: Engine) -> None:
    evaluate_readings(city, _series("dg1", MINUTE, 10, LONG_AGO, 33.0))
    site = _site(client, "drill-tunnel")
    assert (site["monitoring"], site["depth_mm"], site["world"]) == (OK, 33.0, "drill")
    assert site["now"] == "2026-07-20T12:00:00+08:00"
    assert site["latest"]["age_s"] == 0
    # time passes by the readings of any device of the exercise
    store_readings(city, [MeterValue("dp1", 1, "", LONG_AGO + 11 * MINUTE, Measurand.POWER_KW, 1.0)])
    site = _site(client, "drill-tunnel", tz="UTC")
    assert (site["now"], site["latest"]["age_s"]) == ("2026-07-20T04:11:00Z", 660)


def test_an_exercise_that_runs_ahead_of_the_saved_states_has_data(client: httpx.Client, city: Engine) -> None:
    """States are saved once a minute, and an exercise may run an hour in that time."""
    evaluate_readings(city, _series("dg1", MINUTE, 10, LONG_AGO, 33.0))
    store_readings(city, _series("dg1", MINUTE, 10, LONG_AGO + 60 * MINUTE, 34.0))
    site = _site(client, "drill-tunnel")
    assert (site["monitoring"], site["depth_mm"]) == (OK, 34.0)


def test_a_site_whose_state_was_saved_before_that_of_another_has_data(client: httpx.Client, city: Engine) -> None:
    """In an exercise that runs faster than states are saved, the saved states are of different times."""
    evaluate_readings(city, _series("dg1", MINUTE, 10, LONG_AGO, 33.0))
    with city.begin() as connection:
        connection.execute(text("UPDATE sites SET world = 'drill' WHERE site_id = 'road'"))
        connection.execute(
            text(
                "INSERT INTO site_states (site_id, snapshot, watermark, no_data_from, no_data_reason, gauges)"
                " SELECT 'road', snapshot, watermark + interval '2 hours', no_data_from + interval '2 hours',"
                " no_data_reason, gauges FROM site_states WHERE site_id = 'drill-tunnel'"
            )
        )
    try:
        assert _site(client, "drill-tunnel")["monitoring"] == OK
    finally:
        with city.begin() as connection:
            connection.execute(text("UPDATE sites SET world = 'actual' WHERE site_id = 'road'"))


def test_actual_readings_do_not_advance_the_time_of_an_exercise(client: httpx.Client, city: Engine) -> None:
    evaluate_readings(city, [water("dg1", LONG_AGO, 33.0), water("g1", _now(), 0.0)])
    assert _site(client, "drill-tunnel")["monitoring"] == OK


def test_an_exercise_before_its_first_reading(client: httpx.Client) -> None:
    site = _site(client, "drill-tunnel")
    assert (site["monitoring"], site["now"], site["latest"]) == (NEVER_REPORTED, None, None)


def test_the_level_is_of_the_warning_in_force(client: httpx.Client, city: Engine) -> None:
    _warn(city, "over", level=4, closed=True)
    assert _site(client, "underpass")["level"] == "none"
    _warn(city, "in-force", level=3, closed=False)
    site = _site(client, "underpass")
    assert (site["level"], site["warning_id"], site["monitoring"]) == ("orange", "in-force", NEVER_REPORTED)


def _warn(city: Engine, warning_id: str, *, level: int, closed: bool) -> None:
    with city.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO warnings VALUES (:id, 'underpass', 'actual', :level, :level, now(), now(),"
                " CASE WHEN :closed THEN now() END)"
            ),
            {"id": warning_id, "level": level, "closed": closed},
        )


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["road", "underpass"]),
        ({"world": "all"}, ["drill-tunnel", "road", "underpass"]),
        ({"region": "370100"}, ["road", "underpass"]),
        ({"region": "371000"}, []),
        ({"world": "actual"}, ["road", "underpass"]),
        ({"region": HUAIYIN}, ["road"]),
        ({"after": "drill-tunnel", "limit": 1, "world": "all"}, ["road"]),
    ],
)
def test_filters(client: httpx.Client, asked: dict[str, Any], names: list[str]) -> None:
    assert [site["site_id"] for site in client.get("/v1/sites", params=asked).json()["items"]] == names


def test_a_site_that_is_not_there(client: httpx.Client) -> None:
    assert client.get("/v1/sites/nowhere").status_code == 404
    assert client.get("/v1/sites/no%00where").status_code == 422
