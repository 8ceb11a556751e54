"""Mutes are created, listed and ended; notices are listed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.mute import Maintenance, Silence
from rencheng.store.warnings.mutes import load_mutes


@pytest.fixture(autouse=True)
def _nothing_muted(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE silences, maintenance, notices"))


def silence(**changed: object) -> dict[str, Any]:
    now = datetime.now(UTC)
    usual = {
        "site_id": "road",
        "reason": "gauge is being replaced",
        "begins_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    return usual | changed


def window(**changed: object) -> dict[str, Any]:
    usual = {"region": "370100", "reason": "pump test", "weekdays": ["thu", "mon"], "begins": "22:30"}
    return usual | {"lasts_minutes": 90, "first_day": "2026-07-01"} | changed


def test_a_silence_is_made_shown_and_ended(client: httpx.Client, city: Engine) -> None:
    made = client.post("/v1/silences", json=silence(up_to="yellow"))
    name = made.json()["name"]
    [shown] = client.get("/v1/mutes").json()["silences"]

    assert made.status_code == 201
    assert (shown["name"], shown["up_to"], shown["site_id"], shown["holds"]) == (name, "yellow", "road", True)
    assert shown["made_by"].startswith("key ")
    with city.begin() as connection:
        [(kept, _)] = load_mutes(connection, datetime.now(UTC))
        done = (
            connection.execute(text("SELECT action FROM audit WHERE subject = :name"), {"name": name}).scalars().all()
        )
    assert isinstance(kept, Silence)
    assert (kept.name, done) == (name, ["mute.make"])
    assert client.delete(f"/v1/mutes/{name}").status_code == 204
    assert client.delete(f"/v1/mutes/{name}").status_code == 404
    assert client.get("/v1/mutes").json()["silences"] == []


def test_a_maintenance_window_is_made_shown_and_ended(client: httpx.Client, city: Engine) -> None:
    name = client.post("/v1/maintenance", json=window(up_to="red")).json()["name"]
    [shown] = client.get("/v1/mutes").json()["maintenance"]

    assert {key: shown[key] for key in ("weekdays", "begins", "lasts_minutes", "up_to", "region")} == {
        "weekdays": ["mon", "thu"],
        "begins": "22:30:00",
        "lasts_minutes": 90,
        "up_to": "red",
        "region": "370100",
    }
    with city.begin() as connection:
        [(kept, _)] = load_mutes(connection, datetime.now(UTC))
    assert isinstance(kept, Maintenance)
    assert (kept.weekdays, kept.lasts, kept.last) == (frozenset({0, 3}), timedelta(minutes=90), None)
    assert client.delete(f"/v1/mutes/{name}").status_code == 204
    assert client.get("/v1/mutes").json()["maintenance"] == []


def test_a_silence_that_is_over_is_not_shown(client: httpx.Client, city: Engine) -> None:
    client.post("/v1/silences", json=silence())
    with city.begin() as connection:
        connection.execute(text("UPDATE silences SET ends_at = now()"))

    assert client.get("/v1/mutes").json()["silences"] == []


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("silences", silence(region="370102"), "name one of"),
        ("silences", silence(site_id=None), "name one of"),
        ("silences", silence(ends_at="2026-01-01T00:00:00+08:00"), "must be after"),
        ("silences", silence(begins_at="2020-01-01T00:00:00Z", ends_at="2020-01-01T01:00:00Z"), "ended already"),
        ("silences", silence(ends_at=(datetime.now(UTC) + timedelta(days=8)).isoformat()), "7 days at most"),
        ("silences", silence(up_to="none"), "up_to"),
        ("silences", silence(ends_at="2026-01-01T00:00:00"), "timezone"),
        ("maintenance", window(weekdays=[]), "weekdays"),
        ("maintenance", window(begins="22:30+08:00"), "without an offset"),
        ("maintenance", window(last_day="2026-06-30"), "must not be before"),
        ("maintenance", window(lasts_minutes=0), "lasts_minutes"),
    ],
)
def test_what_cannot_be_is_refused(client: httpx.Client, path: str, body: dict[str, Any], message: str) -> None:
    answer = client.post(f"/v1/{path}", json=body)

    assert answer.status_code == 422
    assert message in answer.text


def test_the_newest_notice_of_each_thing_is_shown(client: httpx.Client, city: Engine) -> None:
    with city.begin() as connection:
        for number, topic in enumerate(["region 370102", "region 370104", "region 370102"]):
            connection.execute(
                text(
                    "INSERT INTO notices (world, kind, topic, issued_at, in_force, level, urgent, site_ids, text_zh,"
                    " text_en) VALUES ('actual', 'group', :topic, now(), true, 4, true, '{road}', '一', :text)"
                ),
                {"topic": topic, "text": f"number {number}"},
            )
    items = client.get("/v1/notices").json()["items"]

    assert [(each["topic"], each["text_en"], each["level"]) for each in items] == [
        ("region 370102", "number 2", "red"),
        ("region 370104", "number 1", "red"),
    ]
    assert client.get("/v1/notices", params={"world": "drill"}).json()["items"] == []
