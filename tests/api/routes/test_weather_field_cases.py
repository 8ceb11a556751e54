"""Rain signals in the forms that agencies send: each was read wrongly or rejected before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

INPUTS = Path(__file__).parents[2] / "cap" / "inputs"
XML = {"Content-Type": "application/xml"}
SHIFT = datetime.now(UTC) - timedelta(minutes=5) - datetime(2026, 7, 20, 7, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_issued(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE rain_signals, rain_forecasts"))


def now_issued(document: bytes) -> bytes:
    """Return the document with its times of 2026-07-20 moved to now."""
    for hour in ("15:00", "15:30", "21:30"):
        written = f"2026-07-20T{hour}:00+08:00"
        at = datetime.fromisoformat(written) + SHIFT
        document = document.replace(written.encode(), at.isoformat(timespec="seconds").encode())
    return document


def post(client: httpx.Client, name: str) -> httpx.Response:
    content = now_issued((INPUTS / name).read_bytes())
    return client.post("/v1/weather/signals", content=content, headers=XML)


def shown(client: httpx.Client) -> list[tuple[str, str, list[str]]]:
    items = client.get("/v1/weather/signals").json()["items"]
    return sorted((each["identifier"], each["level"], each["regions"]) for each in items)


def test_an_upgrade_has_the_new_colour(client: httpx.Client) -> None:
    assert post(client, "cap_upgrade_blue_to_yellow.xml").json()["level"] == "yellow"
    assert [level for _, level, _ in shown(client)] == ["yellow"]


def test_every_info_of_a_message_counts(client: httpx.Client) -> None:
    answer = post(client, "cap_two_infos_two_districts.xml").json()

    assert (answer["level"], sorted(answer["regions"])) == ("red", ["370102", "370103"])
    assert [(level, regions) for _, level, regions in shown(client)] == [("red", ["370103"]), ("yellow", ["370102"])]


def test_an_update_that_gives_the_all_clear_ends_the_signal(client: httpx.Client) -> None:
    first = (INPUTS / "cap_two_infos_two_districts.xml").read_bytes()
    first = now_issued(first.replace(b"37010041600000_20260720153000", b"AC1"))
    first = first.replace(b"<msgType>Alert", b"<msgType>Alert")
    assert client.post("/v1/weather/signals", content=first, headers=XML).is_success
    assert len(shown(client)) == 2

    assert post(client, "cap_allclear_update.xml").is_success
    assert shown(client) == []


def test_a_train_is_no_rain(client: httpx.Client) -> None:
    answer = post(client, "cap_train.xml")

    assert answer.status_code == 422
    assert "only rain signals" in answer.json()["detail"]


def test_a_declared_encoding_is_read(client: httpx.Client) -> None:
    assert post(client, "cap_gb2312.xml").json()["level"] == "orange"
