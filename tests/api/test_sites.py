"""Sites as they stand: never dry because nobody looked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue
from tests.api.conftest import HUAIYIN, beijing, store, water

MINUTE = timedelta(minutes=1)
LONG_AGO = beijing("07-20T12:00:00")


@pytest.fixture(autouse=True)
def _empty(city: Engine) -> None:
    with city.begin() as connection:
        for table in ("waterlogging_readings", "meter_values", "warnings"):
            connection.execute(text(f"DELETE FROM {table}"))


def _site(client: httpx.Client, site_id: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/sites/{site_id}", params=asked)
    assert answer.status_code == 200, answer.text
    detail: dict[str, Any] = answer.json()
    [row] = [row for row in client.get("/v1/sites", params=asked).json()["items"] if row["site_id"] == site_id]
    told_at_their_own_moment = {"now", "latest"}
    assert {k: v for k, v in row.items() if k not in told_at_their_own_moment}.items() <= detail.items()
    return detail


def _now() -> datetime:
    return datetime.now(UTC)


def test_a_fresh_depth(client: httpx.Client, city: Engine) -> None:
    store(city, [water("g3", _now() - MINUTE, 152.0)])
    site = _site(client, "road")
    assert (site["state"], site["level"], site["depth_mm"]) == ("ok", "none", 152.0)
    assert 59 <= site["latest"]["age_s"] <= 90
    assert site["thresholds"]["red"]["depth_mm"] == 400.0
    assert site["now"].endswith("+08:00")


def test_a_site_without_readings_is_blind(client: httpx.Client) -> None:
    site = _site(client, "road")
    assert (site["state"], site["depth_mm"], site["latest"]) == ("blind", None, None)


def test_a_depth_of_long_ago_is_shown_with_its_age_and_not_as_the_water_now(client: httpx.Client, city: Engine) -> None:
    store(city, [water("g3", _now() - 11 * MINUTE, 0.0)])
    site = _site(client, "road")
    assert (site["state"], site["depth_mm"], site["latest"]["depth_mm"]) == ("blind", None, 0.0)
    assert site["latest"]["age_s"] >= 660


@pytest.mark.parametrize(
    ("depth_mm", "quality"),
    [(None, Quality.MISSING), (9000.0, Quality.GROSS_RANGE), (0.0, Quality.MISSING), (None, Quality.NOTHING_FOUND)],
)
def test_a_gauge_that_reports_and_measures_nothing_is_blind(
    client: httpx.Client, city: Engine, depth_mm: float | None, quality: Quality
) -> None:
    store(city, [water("g3", _now() - 20 * MINUTE, 80.0), water("g3", _now(), depth_mm, rain_mm=1.0, quality=quality)])
    site = _site(client, "road")
    assert (site["state"], site["depth_mm"], site["latest"]["depth_mm"]) == ("blind", None, 80.0)


def test_of_gauges_that_see_the_deepest_is_shown(client: httpx.Client, city: Engine) -> None:
    store(city, [water("g1", _now() - 5 * MINUTE, 210.0), water("g2", _now(), 0.0)])
    site = _site(client, "underpass")
    assert (site["depth_mm"], site["latest"]["device_id"]) == (210.0, "g1")
    assert [gauge["state"] for gauge in site["gauges"]] == ["ok", "ok"]


def test_a_gauge_that_sees_no_more_is_not_shown_while_another_does(client: httpx.Client, city: Engine) -> None:
    store(city, [water("g1", _now() - 30 * MINUTE, 210.0), water("g2", _now(), 5.0)])
    site = _site(client, "underpass")
    assert (site["state"], site["depth_mm"]) == ("ok", 5.0)
    assert [(gauge["device_id"], gauge["state"]) for gauge in site["gauges"]] == [("g1", "blind"), ("g2", "ok")]


def test_in_an_exercise_now_is_its_greatest_reading_time(client: httpx.Client, city: Engine) -> None:
    store(city, [water("dg1", LONG_AGO, 33.0)])
    site = _site(client, "drill-tunnel")
    assert (site["state"], site["depth_mm"], site["world"]) == ("ok", 33.0, "drill")
    assert site["now"] == "2026-07-20T12:00:00+08:00"
    assert site["latest"]["age_s"] == 0
    # time passes by any device of the exercise
    store(city, [MeterValue("dp1", 1, "", LONG_AGO + 11 * MINUTE, Measurand.POWER_KW, 1.0)])
    site = _site(client, "drill-tunnel", tz="UTC")
    assert (site["state"], site["depth_mm"], site["latest"]["age_s"]) == ("blind", None, 660)
    assert site["now"] == "2026-07-20T04:11:00Z"


def test_live_readings_do_not_make_time_pass_in_an_exercise(client: httpx.Client, city: Engine) -> None:
    store(city, [water("dg1", LONG_AGO, 33.0), water("g1", _now(), 0.0)])
    assert _site(client, "drill-tunnel")["state"] == "ok"


def test_an_exercise_before_its_first_reading(client: httpx.Client) -> None:
    site = _site(client, "drill-tunnel")
    assert (site["state"], site["now"], site["latest"]) == ("blind", None, None)


def test_the_level_is_of_the_warning_in_force(client: httpx.Client, city: Engine) -> None:
    _warn(city, "over", level=4, closed=True)
    assert _site(client, "underpass")["level"] == "none"
    _warn(city, "in-force", level=3, closed=False)
    site = _site(client, "underpass")
    assert (site["level"], site["warning_id"], site["state"]) == ("orange", "in-force", "blind")


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
        ({}, ["drill-tunnel", "road", "underpass"]),
        ({"world": "actual"}, ["road", "underpass"]),
        ({"region": HUAIYIN}, ["road"]),
        ({"after": "drill-tunnel", "limit": 1}, ["road"]),
    ],
)
def test_filters(client: httpx.Client, asked: dict[str, Any], names: list[str]) -> None:
    assert [site["site_id"] for site in client.get("/v1/sites", params=asked).json()["items"]] == names


def test_a_site_that_is_not_there(client: httpx.Client) -> None:
    assert client.get("/v1/sites/nowhere").status_code == 404
    assert client.get("/v1/sites/no%00where").status_code == 422
