"""Operators and controllers report pumps and hand in tide tables over HTTP; the alert service reads what counts."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.waterworks import PumpState
from rencheng.store.waterworks import delete_old_waterworks, load_waterworks

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _nothing_reported(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE pump_reports, high_waters"))


def in_hours(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


def report(client: httpx.Client, state: str, hours: float = 1, site: str = "underpass-1") -> httpx.Response:
    return client.post(f"/v1/sites/{site}/pumps", json={"pump": "2", "state": state, "until": in_hours(hours)})


def test_the_newest_report_of_a_pump_counts_until_it_expires(client: httpx.Client, city: Engine) -> None:
    site_id = client.get("/v1/sites").json()["items"][0]["site_id"]
    for state in ("running", "failed"):
        assert report(client, state, site=site_id).status_code == 201
    with city.begin() as connection:
        works = load_waterworks(connection, NOW)[site_id]
        later = load_waterworks(connection, NOW + timedelta(hours=2))
        deleted = delete_old_waterworks(connection, NOW + timedelta(days=9))

    now_s = datetime.now(UTC).timestamp()
    assert works.pumps_at(now_s) == (("2", PumpState.FAILED),)
    assert works.pumps_at(now_s + 3700) == ()
    assert later == {}
    assert deleted == 2


def test_a_report_that_expired_and_a_site_that_is_not_there_are_refused(client: httpx.Client) -> None:
    site_id = client.get("/v1/sites").json()["items"][0]["site_id"]
    refused = report(client, "failed", -1, site_id)

    assert refused.status_code == 422
    assert "expired" in refused.json()["detail"]
    assert report(client, "failed", site="nowhere").status_code in {404, 422}
    assert report(client, "asleep", site=site_id).status_code == 422


def test_a_tide_table_replaces_the_one_before_of_its_source(client: httpx.Client, city: Engine) -> None:
    site_id = client.get("/v1/sites").json()["items"][0]["site_id"]
    for depths in ((300.0, 310.0), (305.0,)):
        tides = [{"at": in_hours(1 + index), "depth_mm": mm} for index, mm in enumerate(depths)]
        answer = client.post(f"/v1/sites/{site_id}/tides", json={"source": "table", "high_waters": tides})
        assert (answer.status_code, answer.json()["high_waters"]) == (201, len(depths))
    other = [{"at": in_hours(-1), "depth_mm": 200.0}]
    client.post(f"/v1/sites/{site_id}/tides", json={"source": "other", "high_waters": other})

    with city.begin() as connection:
        works = load_waterworks(connection, NOW)[site_id]
    assert [one.depth_mm for one in works.high_waters] == [200.0, 305.0]
