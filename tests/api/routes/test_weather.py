"""The weather service submits rain signals and forecasts over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from tests.support.rain_signals import cap, national

XML = {"Content-Type": "application/xml"}


@pytest.fixture(autouse=True)
def _nothing_issued(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE rain_signals, rain_forecasts"))


def post_signal(client: httpx.Client, xml: str, **asked: str) -> httpx.Response:
    return client.post("/v1/weather/signals", content=xml.encode(), headers=XML, params=asked)


def fresh(**changed: str) -> str:
    now = datetime.now(UTC)
    times = {"15:30": now - timedelta(minutes=5), "18:00": now + timedelta(hours=3)}
    xml = cap(**changed)
    for written, at in times.items():
        xml = xml.replace(f"2026-07-20T{written}:00+08:00", at.isoformat(timespec="seconds"))
    return xml


def test_a_signal_is_taken_in_once_and_shown_while_it_holds(client: httpx.Client) -> None:
    xml = fresh()

    assert post_signal(client, xml).json() == {
        "identifier": "S1",
        "message_type": "Alert",
        "level": "orange",
        "regions": ["370100"],
        "new": True,
    }
    assert post_signal(client, xml).json()["new"] is False
    [shown] = client.get("/v1/weather/signals").json()["items"]
    assert (shown["identifier"], shown["level"], shown["sent_at"][-6:]) == ("S1", "orange", "+08:00")


def test_a_cancel_ends_it(client: httpx.Client) -> None:
    post_signal(client, fresh())
    chain = "<references>weather@jinan.example,S1,2026-07-20T15:30:00+08:00</references>"
    post_signal(client, fresh(identifier="S2", kind="Cancel", references=chain).replace("S1,2026", "S1,2026"))

    assert client.get("/v1/weather/signals").json()["items"] == []


def test_the_same_name_for_something_else_is_refused(client: httpx.Client) -> None:
    xml = fresh()
    post_signal(client, xml)
    answer = post_signal(client, xml.replace("橙色", "红色"))

    assert answer.status_code == 422
    assert "a different message" in answer.json()["detail"]


def test_an_exercise_has_its_own_weather(client: httpx.Client) -> None:
    assert post_signal(client, national(), world="drill").json()["new"] is True
    assert client.get("/v1/weather/signals").json()["items"] == []
    assert len(client.get("/v1/weather/signals", params={"world": "drill"}).json()["items"]) == 1


@pytest.mark.parametrize("xml", [cap(event="大风蓝色"), "nonsense", "\xff", cap(status="Test")])
def test_what_is_no_signal_is_refused(client: httpx.Client, xml: str) -> None:
    answer = client.post("/v1/weather/signals", content=xml.encode("latin-1", "replace"), headers=XML)

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:rencheng:problem:invalid-parameter"


def test_forecasts_are_taken_in_once(client: httpx.Client) -> None:
    hour: dict[str, Any] = {
        "region": "370102",
        "source": "nowcast",
        "issued_at": "2026-07-20T15:30:00+08:00",
        "valid_from": "2026-07-20T15:30:00+08:00",
        "valid_to": "2026-07-20T16:30:00+08:00",
        "rain_mm": 38.5,
    }
    again = hour | {"region": "370103"}

    assert client.post("/v1/weather/forecasts", json=[hour]).json() == {"accepted": 1, "new": 1}
    assert client.post("/v1/weather/forecasts", json=[hour, again]).json() == {"accepted": 2, "new": 1}
    assert client.post("/v1/weather/forecasts", json=[hour | {"rain_mm": -1}]).status_code == 422
    assert client.post("/v1/weather/forecasts", json=[hour | {"valid_to": hour["valid_from"]}]).status_code == 422
