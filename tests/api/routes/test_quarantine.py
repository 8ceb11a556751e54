"""Quarantine entries are read, corrected and replayed over HTTP by keys with the scope, and audited."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.intake import admit
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.registry.devices import register
from tests.support.api import LIXIA, MakeToken

NOW = datetime.now(UTC)
Put = Callable[..., int]


@pytest.fixture(autouse=True)
def _afresh(city: Engine) -> None:
    with city.begin() as connection:
        for table in ("quarantine", "waterlogging_readings", "ingest_counts", "audit"):
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture
def put(city: Engine) -> Put:
    """Let intake refuse a message, and put it into quarantine; the number of its entry."""

    def put_(payload: bytes, device: str = "g1", *, at: datetime = NOW, kind: str = "waterlogging") -> int:
        message = ReceivedMessage(f"rencheng/v1/{LIXIA}/{kind}/{device}/telemetry", payload, at)
        [refusal] = admit(message, {"g1": Device("g1", Kind.WATERLOGGING, LIXIA)}, ClockLimits()).rejections
        refuse = QuarantineRecord(
            message.topic, payload, refusal.position, refusal.reason, refusal.detail, device, "actual", at
        )
        with city.begin() as connection:
            add_to_quarantine(connection, [refuse])
            number: int = connection.execute(text("SELECT max(quarantine_id) FROM quarantine")).scalar_one()
        return number

    return put_


def sample(depth_mm: float = 4, seconds_ago: float = 0) -> bytes:
    return b'{"time": "%s", "depth_mm": %g}' % ((NOW - timedelta(seconds=seconds_ago)).isoformat().encode(), depth_mm)


def depths(city: Engine) -> list[float]:
    with city.connect() as connection:
        return list(connection.execute(text("SELECT depth_mm FROM waterlogging_readings ORDER BY 1")).scalars())


def test_a_broken_message_is_looked_into_corrected_and_stored(client: httpx.Client, city: Engine, put: Put) -> None:
    number = put(b'{"depth_cm": 4}')
    entry = client.get(f"/v1/quarantine/{number}").json()
    tried = client.post(f"/v1/quarantine/{number}/attempt").json()
    better = client.post(f"/v1/quarantine/{number}/attempt", json={"payload_text": sample(40).decode()}).json()
    done = client.post(f"/v1/quarantine/{number}/replay", json={"payload_text": sample(40).decode()}).json()
    again = client.post(f"/v1/quarantine/{number}/replay").json()
    after = client.get(f"/v1/quarantine/{number}").json()

    assert (entry["hex"], entry["text"]) == (b'{"depth_cm": 4}'.hex(), '{"depth_cm": 4}')
    assert "corrected" in entry["remedy_en"]
    assert (tried["readings"], [refusal["reason"] for refusal in tried["rejections"]]) == ([], ["invalid"])
    assert (better["rejections"], better["readings"][0]["depth_mm"]) == ([], 40)
    assert (done["outcome"], done["stored"], again["outcome"], again["stored"]) == ("replayed", 1, "replayed_before", 0)
    assert (after["replayed_as"]["stored"], after["replayed_by"].startswith("key ")) == (1, True)
    assert depths(city) == [40.0]


def test_who_replayed_what_is_written_down(client: httpx.Client, put: Put) -> None:
    number = put(b"\xff\x00")
    client.post(f"/v1/quarantine/{number}/replay", json={"payload_base64": base64.b64encode(sample()).decode()})
    [deed] = client.get("/v1/audit", params={"subject": f"quarantine {number}"}).json()["items"]

    assert (deed["action"], deed["detail"]["fixed"]) == ("quarantine.replay", ["payload"])
    assert deed["actor"].endswith("(a test)")
    assert client.get("/v1/audit", params={"action": "device.retire"}).json()["items"] == []


def test_what_is_still_refused_stays_and_says_why(client: httpx.Client, put: Put) -> None:
    number = put(b"broken")
    for correction in (None, {"payload_text": '{"time": "soon"}'}):
        answer = client.post(f"/v1/quarantine/{number}/replay", json=correction).json()

        assert (answer["outcome"], len(answer["rejections"])) == ("unchanged", 1)
    assert client.get("/v1/quarantine", params={"replayed": False}).json()["items"][0]["quarantine_id"] == number


@pytest.mark.parametrize(
    ("correction", "says"),
    [
        ({"payload_text": "{}", "payload_base64": "e30="}, "not both"),
        ({"payload_base64": "§"}, "base64"),
        ({"paylod": "{}"}, "parameters"),
    ],
)
def test_a_form_that_cannot_be_is_explained(
    client: httpx.Client, put: Put, correction: dict[str, Any], says: str
) -> None:
    answer = client.post(f"/v1/quarantine/{put(b'broken')}/replay", json=correction)

    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_an_entry_that_is_not_there(client: httpx.Client) -> None:
    assert client.post("/v1/quarantine/999999/replay").status_code == 404
    assert client.post("/v1/quarantine/999999/attempt").status_code == 404


def test_many_are_replayed_page_by_page_and_once(client: httpx.Client, city: Engine, put: Put) -> None:
    for second in range(7):
        put(sample(seconds_ago=second), "newcomer")
    put(b"broken")
    with city.begin() as connection:
        register(connection, [(Device("newcomer", Kind.WATERLOGGING, LIXIA), None)])
    asked: dict[str, Any] = {"reason": "unknown_device", "device_id": "newcomer", "limit": 3}
    pages = []
    while True:
        pages.append(client.post("/v1/quarantine/replay", json=asked).json())
        if pages[-1]["next"] is None:
            break
        asked["after"] = pages[-1]["next"]
    twice = client.post("/v1/quarantine/replay", json={"device_id": "newcomer"}).json()

    assert [page["stored"] for page in pages] == [3, 3, 1]
    assert (twice["entries"], twice["stored"]) == (0, 0)
    assert len(depths(city)) == 7
    assert client.get("/v1/counts").json()["total"] == {"stored": 7, "duplicate": 0, "quarantined": -7, "unpacked": 0}


def test_entries_are_found_by_device_kind_and_time(client: httpx.Client, put: Put) -> None:
    old = put(b"broken", at=NOW - timedelta(hours=2))
    new = put(b"broken again")
    strange = put(sample(), "anonymous", kind="signal")

    def found(**asked: object) -> list[int]:
        return [item["quarantine_id"] for item in client.get("/v1/quarantine", params=asked).json()["items"]]  # type: ignore[arg-type]

    an_hour_ago = (NOW - timedelta(hours=1)).isoformat()
    assert found(device_id="g1") == [new, old]
    assert found(kind="signal") == [strange]
    assert found(**{"from": an_hour_ago}, kind="waterlogging") == [new]
    assert found(to=an_hour_ago) == [old]
    assert found(replayed=True) == []


def test_a_key_remembered_by_a_browser_changes_nothing(
    anonymous: httpx.Client, make_token: MakeToken, put: Put
) -> None:
    number, token = put(b"broken"), make_token(KeyScope.QUARANTINE_REPLAY)
    path = f"/v1/quarantine/{number}/replay"

    assert anonymous.post(path, auth=("anyone", token)).status_code == 401
    assert anonymous.post(path, headers={"X-API-Key": token}).status_code == 200
