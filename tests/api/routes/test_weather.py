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
        connection.execute(text("TRUNCATE rain_signals, rain_forecasts, rain_nowcasts"))


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

    answer = post_signal(client, xml).json()

    assert [part["level"] for part in answer.pop("parts")] == ["orange"]
    assert answer == {
        "identifier": "S1",
        "message_type": "Alert",
        "level": "orange",
        "regions": ["370100"],
        "new": True,
        "unknown_regions": [],
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


NOWCAST: dict[str, Any] = {"source": "radar", "issued_at": "2026-07-20T15:30:00+08:00", "minutes": [10, 30]}


def test_a_nowcast_is_taken_in_once_by_site_and_on_a_grid(client: httpx.Client, city: Engine) -> None:
    by_site = NOWCAST | {"sites": [{"site_id": "underpass", "members": [[1, 4], [0, 0]]}]}
    grid = {"south": 36.0, "west": 116.0, "step_deg": 0.5, "columns": 4, "members": [[[2.0] * 8, [7.5] * 8]]}
    on_grid = NOWCAST | {"source": "model", "grid": grid}

    assert client.post("/v1/weather/nowcasts", json=by_site).json() == {"sites": 1, "new": 1}
    assert client.post("/v1/weather/nowcasts", json=by_site).json() == {"sites": 1, "new": 0}
    assert client.post("/v1/weather/nowcasts", json=on_grid).json() == {"sites": 2, "new": 2}
    with city.connect() as connection:
        query = text("SELECT site_id, source, members FROM rain_nowcasts ORDER BY source, site_id")
        rows = [tuple(row) for row in connection.execute(query)]
    assert [row[:2] for row in rows] == [("road", "model"), ("underpass", "model"), ("underpass", "radar")]
    assert rows[0][2] == [[1.0, [[600.0, 2.0], [1800.0, 7.5]]]]


def test_a_nowcast_for_an_unknown_site_or_another_world_is_refused_and_says_what_to_do(client: httpx.Client) -> None:
    asked = NOWCAST | {"sites": [{"site_id": "nowhere", "members": [[1, 4]]}]}
    answer = client.post("/v1/weather/nowcasts", json=asked)

    assert answer.status_code == 422
    assert "no site 'nowhere': register it, or leave it out" in answer.json()["detail"]
    asked["sites"][0]["site_id"] = "underpass"
    assert client.post("/v1/weather/nowcasts", json=asked | {"world": "drill"}).status_code == 422


def test_a_signal_can_be_withdrawn_and_stays_withdrawn(client: httpx.Client, city: Engine) -> None:
    xml = fresh()
    post_signal(client, xml)
    assert client.delete("/v1/weather/signals/S1").status_code == 204

    assert client.get("/v1/weather/signals").json()["items"] == []
    assert post_signal(client, xml).json()["new"] is False
    assert client.delete("/v1/weather/signals/S1").status_code == 404
    assert client.get("/v1/weather/signals").json()["items"] == []
    with city.connect() as connection:
        actions = connection.execute(
            text("SELECT action FROM audit WHERE subject = 'signal S1' ORDER BY audit_id DESC LIMIT 2")
        ).scalars()
        assert list(actions) == ["weather.withdraw", "weather.signal"]


def nowcast(**changed: object) -> dict[str, Any]:
    now = datetime.now(UTC)
    times = {"issued_at": now, "valid_from": now, "valid_to": now + timedelta(hours=1)}
    usual = {"region": "370102", "source": "nowcast", "rain_mm": 38.5}
    return usual | {name: at.isoformat() for name, at in times.items()} | changed


def test_forecasts_are_shown_and_withdrawn(client: httpx.Client) -> None:
    client.post("/v1/weather/forecasts", json=[nowcast(), nowcast(region="370103"), nowcast(source="model")])
    shown = client.get("/v1/weather/forecasts").json()
    assert len(shown["items"]) == 3
    assert len(client.get("/v1/weather/forecasts", params={"region": "370102"}).json()["items"]) == 2

    asked = {"source": "nowcast", "region": "370103"}
    assert client.delete("/v1/weather/forecasts", params=asked).json() == {"withdrawn": 1}
    assert client.delete("/v1/weather/forecasts", params={"source": "nowcast"}).json() == {"withdrawn": 1}
    assert [each["source"] for each in client.get("/v1/weather/forecasts").json()["items"]] == ["model"]
    assert client.delete("/v1/weather/forecasts").status_code == 422


def test_regions_that_are_not_registered_are_named_in_the_answer(client: httpx.Client) -> None:
    unknown = [f"11{number:04d}" for number in range(1000)]
    answer = post_signal(client, fresh(region=",".join(("370102", *unknown)))).json()

    assert answer["unknown_regions"] == unknown[:100]
    [shown] = client.get("/v1/weather/signals").json()["items"]
    assert "370102" in shown["regions"]
    assert len(shown["regions"]) <= 201


@pytest.mark.parametrize(
    "sent", ["9999-12-31T20:00:00+00:00", "9999-12-31T23:59:59-12:00", "2199-01-01T00:00:00+08:00"]
)
def test_a_signal_of_the_future_is_rejected(client: httpx.Client, sent: str) -> None:
    answer = post_signal(client, cap().replace("2026-07-20T15:30:00+08:00</sent>", f"{sent}</sent>"))

    assert answer.status_code == 422
    assert "sent" in answer.json()["detail"]


def test_rows_that_cannot_be_read_are_named_and_hide_no_other(client: httpx.Client, city: Engine) -> None:
    post_signal(client, fresh())
    client.post("/v1/weather/forecasts", json=[nowcast()])
    with city.begin() as connection:
        connection.execute(text("UPDATE rain_forecasts SET source = 'x', valid_to = 'infinity'"))
        connection.execute(
            text(
                "INSERT INTO rain_signals SELECT (jsonb_populate_record(rain_signals,"
                ' \'{"identifier": "S9", "expires_at": "12026-01-01"}\')).* FROM rain_signals'
            )
        )
    client.post("/v1/weather/forecasts", json=[nowcast()])

    signals, forecasts = (client.get(f"/v1/weather/{name}").json() for name in ("signals", "forecasts"))

    assert [each["identifier"] for each in signals["items"]] == ["S1"]
    assert signals["unreadable"] == ["rain signal S9 of actual"]
    assert [each["source"] for each in forecasts["items"]] == ["nowcast"]
    assert ["forecast of x" in name for name in forecasts["unreadable"]] == [True]


def test_an_exercise_has_a_bounded_number_of_forecasts(client: httpx.Client, city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO rain_forecasts (world, region, source, issued_at, valid_from, valid_to, rain_mm)"
                " SELECT 'drill', '370102', 'x' || number, now(), now(), now() + interval '1 hour', 1"
                " FROM generate_series(1, 50000) AS number"
            )
        )
    answer = client.post("/v1/weather/forecasts", json=[nowcast(world="drill")])

    assert answer.status_code == 422
    assert "more than 50000 forecasts" in answer.json()["detail"]


def test_signals_of_a_day_are_bounded(client: httpx.Client, city: Engine) -> None:
    post_signal(client, fresh())
    with city.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO rain_signals SELECT (jsonb_populate_record(rain_signals,"
                " jsonb_build_object('identifier', 'N' || number))).*"
                " FROM rain_signals, generate_series(1, 1999) AS number"
            )
        )
    answer = post_signal(client, fresh(identifier="S2"))

    assert answer.status_code == 422
    assert "2000 messages were received within a day" in answer.json()["detail"]
