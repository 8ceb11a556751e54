"""Quarantine and counts account for every reading."""

import base64
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.errors import RejectionReason
from rencheng.store.accounting.counts import ReadingCounts, count
from rencheng.store.quarantine.log import PREVIEW_BYTES
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine

LONG = ("韧" * PREVIEW_BYTES).encode()


@pytest.fixture(scope="module", autouse=True)
def _refused(city: Engine) -> None:
    now = datetime.now(UTC)
    with city.begin() as connection:
        for payload, reason, world in (
            (b"not json", RejectionReason.UNDECODABLE, "actual"),
            (b"\xff\xfe\x00", RejectionReason.UNDECODABLE, "actual"),
            (LONG, RejectionReason.INVALID, "drill"),
        ):
            add_to_quarantine(
                connection, [QuarantineRecord("some/topic", payload, -1, reason, "why", None, world, now)]
            )
        add_to_quarantine(
            connection,
            [QuarantineRecord("some/topic", b"not json", -1, RejectionReason.UNDECODABLE, "why", None, "actual", now)],
        )
        for _ in range(2):
            count(
                connection,
                "w0",
                now,
                {("actual", "waterlogging"): ReadingCounts(10, 2, 1), ("drill", "signal"): ReadingCounts(5)},
            )
        count(connection, "w1", now, {("actual", "unknown"): ReadingCounts(quarantined=1)})


def test_entries_come_newest_first_with_their_payload(client: httpx.Client) -> None:
    long, binary, text = client.get("/v1/quarantine", params={"world": "all"}).json()["items"]
    assert (text["text"], text["times"], text["payload_is_whole"]) == ("not json", 2, True)
    assert base64.b64decode(text["payload_base64"]) == b"not json"
    assert binary["text"] is None
    assert base64.b64decode(binary["payload_base64"]) == b"\xff\xfe\x00"
    assert (long["payload_bytes"], long["payload_is_whole"], long["text"]) == (len(LONG), False, "韧" * 500)
    assert len(base64.b64decode(long["payload_base64"])) == PREVIEW_BYTES


def test_an_entry_has_its_whole_payload(client: httpx.Client) -> None:
    [entry] = client.get("/v1/quarantine", params={"reason": "invalid", "world": "all"}).json()["items"]
    whole = client.get(f"/v1/quarantine/{entry['quarantine_id']}").json()
    assert whole["payload_is_whole"]
    assert base64.b64decode(whole["payload_base64"]) == LONG
    assert client.get("/v1/quarantine/999999").status_code == 404


def test_filters_and_pages(client: httpx.Client) -> None:
    assert len(client.get("/v1/quarantine", params={"world": "drill"}).json()["items"]) == 1
    assert len(client.get("/v1/quarantine", params={"reason": "undecodable"}).json()["items"]) == 2
    assert client.get("/v1/quarantine", params={"reason": "mood"}).status_code == 422
    seen, after = [], None
    while True:
        page = client.get(
            "/v1/quarantine", params={"limit": "1", "world": "all"} | ({"after": after} if after else {})
        ).json()
        seen += [item["quarantine_id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)


def test_counts_add_up(client: httpx.Client) -> None:
    answer = client.get("/v1/counts", params={"world": "all"}).json()
    assert answer["total"] == {"stored": 30, "duplicate": 4, "quarantined": 3, "unpacked": 0}
    assert [(item["world"], item["kind"], item["stored"]) for item in answer["items"]] == [
        ("actual", "unknown", 0),
        ("actual", "waterlogging", 20),
        ("drill", "signal", 10),
    ]
    assert client.get("/v1/counts", params={"world": "drill"}).json()["total"]["stored"] == 10
    assert client.get("/v1/counts", params={"world": "none"}).json() == {
        "items": [],
        "total": {"stored": 0, "duplicate": 0, "quarantined": 0, "unpacked": 0},
    }
