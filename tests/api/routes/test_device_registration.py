"""Devices are registered, changed, replaced, retired and onboarded over HTTP, and each change is audited."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.errors import RejectionReason
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.registry.devices import password_hashes
from tests.support.api import LIXIA

FORM = {
    "kind": "waterlogging",
    "region": LIXIA,
    "site_id": "underpass",
    "depth_max_mm": 2400,
    "no_return_codes": [9999],
    "interval_s": 60,
    "measures": "electrode",
    "steps_mm": [50, 150],
    "zero_set_on": "2026-06-20",
}


@pytest.fixture(autouse=True)
def _afresh(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("DELETE FROM devices WHERE device_id LIKE 'new-%' AND replaces IS NOT NULL"))
        connection.execute(text("DELETE FROM devices WHERE device_id LIKE 'new-%'"))
        for table in ("audit", "quarantine", "ingest_counts", "waterlogging_readings"):
            connection.execute(text(f"DELETE FROM {table}"))


def hashes(city: Engine) -> dict[str, str]:
    with city.connect() as connection:
        return dict(password_hashes(connection))


def test_a_device_is_registered_once_and_changed_after(client: httpx.Client, city: Engine) -> None:
    new = client.put("/v1/devices/new-1", json=FORM)
    before = hashes(city)
    again = client.put("/v1/devices/new-1", json=FORM)
    changed = client.put("/v1/devices/new-1", json={"kind": "waterlogging", "region": "370104", "name": "北侧"})
    device = client.get("/v1/devices/new-1").json()

    assert (new.status_code, again.status_code, changed.status_code) == (201, 200, 200)
    assert (len(new.json()["password"]), again.json()["password"]) == (32, None)
    assert changed.json()["topic"] == "rencheng/v1/370104/waterlogging/new-1/telemetry"
    assert (device["name"], device["depth_max_mm"], device["no_return_codes"]) == ("北侧", 2400, [9999])
    assert (device["interval_s"], device["measures"], device["steps_mm"]) == (60, "electrode", [50, 150])
    assert (device["zero_set_on"], device["interval_dry_s"]) == ("2026-06-20", None)
    assert device["place_held_by"] == ["new-1"]
    assert hashes(city) == before


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (FORM | {"site_id": "nowhere"}, "there is no site nowhere"),
        (FORM | {"codec": "morse"}, "no codec 'morse'"),
        (FORM | {"colour": "red"}, "See `errors`"),
        (FORM | {"region": "Lixia"}, "See `errors`"),
    ],
)
def test_a_form_that_cannot_be_is_explained(client: httpx.Client, form: dict[str, Any], says: str) -> None:
    answer = client.put("/v1/devices/new-1", json=form)

    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert client.get("/v1/devices/new-1").status_code == 404


def test_a_password_is_changed_and_a_device_replaced_and_retired(client: httpx.Client, city: Engine) -> None:
    first = client.put("/v1/devices/new-1", json=FORM).json()["password"]
    second = client.post("/v1/devices/new-1/credentials").json()["password"]
    successor = client.post("/v1/devices/new-1/replacement", json={"device_id": "new-2", "depth_max_mm": 2350}).json()
    old, new = (client.get(f"/v1/devices/{name}").json() for name in ("new-1", "new-2"))
    twice = [client.post("/v1/devices/new-2/retirement").status_code for _ in range(2)]

    assert len({first, second, successor["password"]}) == 3
    assert (old["retired_at"] is None, new["replaces"], new["site_id"], new["depth_max_mm"]) == (
        False,
        "new-1",
        "underpass",
        2350,
    )
    assert old["place_held_by"] == new["place_held_by"] == ["new-1", "new-2"]
    assert twice == [204, 204]
    assert not {"new-1", "new-2"} & set(hashes(city))
    assert client.post("/v1/devices/new-2/credentials").status_code == 422
    assert client.post("/v1/devices/nobody/retirement").status_code == 404
    deeds = [(deed["action"], deed["subject"]) for deed in client.get("/v1/audit").json()["items"]]
    assert deeds == [
        ("device.retire", "device new-2"),
        ("device.add", "device new-2"),
        ("device.replace", "device new-1"),
        ("device.rotate", "device new-1"),
        ("device.add", "device new-1"),
    ]


def test_a_list_is_registered_all_or_none(client: httpx.Client, city: Engine) -> None:
    head, rows = "device_id,kind,region\n", [f"new-{n},charging,{LIXIA}\n" for n in range(300)]
    csv = {"Content-Type": "text/csv"}

    def post(text_: str, **asked: object) -> httpx.Response:
        return client.post("/v1/device-imports", content=text_.encode(), headers=csv, params=asked)  # type: ignore[arg-type]

    bad = post(head + "".join(rows) + "new-x,charging,Lixia\n")
    checked = post(head + "".join(rows), check=True)
    nobody = client.get("/v1/devices/new-0").status_code
    done = post(head + "".join(rows)).json()
    again = post(head + "".join(rows)).json()

    assert (bad.status_code, "line 302: region" in bad.json()["detail"]) == (422, True)
    assert (checked.json()["checked_only"], checked.json()["new"], nobody) == (True, {}, 404)
    assert (len(done["new"]), again["new"], again["unchanged"]) == (300, {}, 300)
    assert set(done["new"]) <= set(hashes(city))


def test_a_pending_device_is_admitted_with_what_it_sent(client: httpx.Client, city: Engine) -> None:
    now = datetime.now(UTC)
    topic = f"rencheng/v1/{LIXIA}/waterlogging/new-9/telemetry"
    payload = b'{"time": "%s", "depth_mm": 7}' % now.isoformat().encode()
    refuse = QuarantineRecord(
        topic, payload, -1, RejectionReason.UNKNOWN_DEVICE, "nobody", "new-9", "actual", now, times=3
    )
    with city.begin() as connection:
        add_to_quarantine(connection, [refuse])
    [pending] = client.get("/v1/pending-devices").json()["items"]
    done = client.post("/v1/pending-devices/new-9/admission", json={"site_id": "underpass", "name": "新装"}).json()

    assert (pending["device_id"], pending["kind"], pending["messages"], pending["addresses"]) == (
        "new-9",
        "waterlogging",
        3,
        1,
    )
    assert (done["stored"], done["duplicate"], len(done["password"])) == (1, 2, 32)
    assert client.get("/v1/devices/new-9/latest").json()["items"][0]["depth_mm"] == 7
    assert client.get("/v1/pending-devices").json()["items"] == []
    assert client.post("/v1/pending-devices/new-9/admission").status_code == 404
