"""A charger's transactions over HTTP."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.reading import Measurand, MeterValue
from tests.support.api import beijing, store_readings

NOON = beijing("07-20T12:00:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module", autouse=True)
def _session(city: Engine) -> None:
    store_readings(
        city, [MeterValue("p1", 1, "T1", NOON + n * MINUTE, Measurand.ENERGY_KWH, 100.0 + n) for n in range(5)]
    )
    store_readings(city, [MeterValue("p1", 1, "T1", NOON, Measurand.STATUS, status="Charging", error_code="NoError")])


def test_a_transaction_is_shown_in_the_citys_time(client: httpx.Client) -> None:
    answer = client.get(
        "/v1/devices/p1/transactions", params={"from": NOON.isoformat(), "to": (NOON + 60 * MINUTE).isoformat()}
    )

    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    assert (item["began_at"], item["last_at"]) == ("2026-07-20T12:00:00+08:00", "2026-07-20T12:04:00+08:00")
    assert (item["energy_kwh"], item["ended_at"], item["is_over"], item["faults"]) == (4.0, None, False, [])


def test_a_span_without_one_is_empty_and_an_unregistered_device_is_not_found(client: httpx.Client) -> None:
    span = {"from": (NOON - 60 * MINUTE).isoformat(), "to": NOON.isoformat()}

    assert client.get("/v1/devices/p1/transactions", params=span).json()["items"] == []
    assert client.get("/v1/devices/nobody/transactions", params=span).status_code == 404
