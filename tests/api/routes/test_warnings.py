"""Warnings with their messages, and their CAP documents."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from rencheng.domain.outgoing import RenderedWarning
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.store.warnings.record import record
from tests.support.api import beijing

NOON = beijing("07-20T12:00:00")
MINUTE = timedelta(minutes=1)
GROUNDS = Grounds(WarningRule.OBSERVED, "g1", 60.0, None, 50.0, None, 1)


def _record(city: Engine, warning_id: str, site_id: str, world: str, *levels: tuple[datetime, Level]) -> None:
    """An Alert, Updates, and with level NONE a Cancel."""
    level = Level.NONE
    with city.begin() as connection:
        for sequence, (at, after) in enumerate(levels, 1):
            over = after is Level.NONE
            kind = MessageType.CANCEL if over else MessageType.UPDATE if sequence > 1 else MessageType.ALERT
            level = level if over else after
            name = f"{warning_id}-{sequence}"
            message = WarningMessage(
                name, warning_id, sequence, kind, site_id, level, Certainty.OBSERVED, at, world, GROUNDS
            )
            record(
                connection,
                RenderedWarning(message, {"identifier": name}, f"<alert>蓝 {name}</alert>", "topic"),
                delivered=True,
            )


@pytest.fixture(scope="module", autouse=True)
def _warnings(city: Engine) -> None:
    _record(
        city,
        "a",
        "road",
        "actual",
        (NOON, Level.BLUE),
        (NOON + 2 * MINUTE, Level.RED),
        (NOON + 30 * MINUTE, Level.BLUE),
        (NOON + 60 * MINUTE, Level.NONE),
    )
    _record(city, "b", "underpass", "actual", (NOON + MINUTE, Level.YELLOW))
    _record(city, "c", "drill-tunnel", "drill", (NOON + MINUTE, Level.BLUE))
    _record(city, "d", "road", "actual", (NOON + 70 * MINUTE, Level.BLUE))


def _names(client: httpx.Client, **asked: Any) -> str:
    answer = client.get("/v1/warnings", params=asked)
    assert answer.status_code == 200, answer.text
    return "".join(item["warning_id"] for item in answer.json()["items"])


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, "dba"),
        ({"world": "all"}, "dcba"),
        ({"region": "370100"}, "dba"),
        ({"region": "371000"}, ""),
        ({"site_id": "road"}, "da"),
        ({"world": "drill"}, "c"),
        ({"open": "true"}, "db"),
        ({"open": "false"}, "a"),
        ({"level_min": "yellow"}, "ba"),  # a is over, and its peak was red
        ({"level_min": "yellow", "open": "true"}, "b"),
        ({"since": (NOON + 60 * MINUTE).isoformat()}, "da"),  # the cancel of a was issued then
        ({"since": (NOON + 61 * MINUTE).isoformat()}, "d"),
    ],
)
def test_filters(client: httpx.Client, asked: dict[str, Any], names: str) -> None:
    assert _names(client, **asked) == names


def test_pages_hold_every_warning_once_also_of_one_moment(client: httpx.Client) -> None:
    seen, after = "", None
    while True:
        answer = client.get(
            "/v1/warnings", params={"limit": "1", "world": "all"} | ({"after": after} if after else {})
        ).json()
        seen += answer["items"][0]["warning_id"]
        after = answer["next"]
        if after is None:
            break
    assert seen == "dcba"


@pytest.mark.parametrize("asked", [{"level_min": "none"}, {"level_min": "purple"}, {"after": "x"}, {"open": "maybe"}])
def test_parameters_that_cannot_be(client: httpx.Client, asked: dict[str, str]) -> None:
    assert client.get("/v1/warnings", params=asked).status_code == 422


def test_a_warning_shows_its_messages_in_order(client: httpx.Client) -> None:
    warning = client.get("/v1/warnings/a").json()
    assert (warning["in_force"], warning["level"], warning["peak_level"]) == (False, "blue", "red")
    assert (warning["opened_at"], warning["closed_at"]) == ("2026-07-20T12:00:00+08:00", "2026-07-20T13:00:00+08:00")
    assert warning["name_zh"] == "路段"
    assert [(event["message_type"], event["level"]) for event in warning["events"]] == [
        ("Alert", "blue"),
        ("Update", "red"),
        ("Update", "blue"),
        ("Cancel", "blue"),
    ]
    assert warning["events"][1]["document"] == {"identifier": "a-2"}


def test_each_message_leads_to_its_cap_document(client: httpx.Client) -> None:
    for event in client.get("/v1/warnings/a").json()["events"]:
        answer = client.get(event["cap"])
        assert answer.headers["content-type"].startswith("application/cap+xml")
        assert answer.content.decode() == f"<alert>蓝 {event['identifier']}</alert>"


def test_the_newest_cap_document(client: httpx.Client) -> None:
    assert client.get("/v1/warnings/a/cap").content.decode() == "<alert>蓝 a-4</alert>"


@pytest.mark.parametrize("path", ["x", "x/cap", "x/events/1/cap", "a/events/5/cap"])
def test_what_was_never_issued(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/v1/warnings/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
