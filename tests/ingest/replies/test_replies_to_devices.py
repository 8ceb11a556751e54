"""Replies on a device's `reply` topic, with real servers: receipts and rejections, and nothing before the commit."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.codecs.receipts import ReceiptDocument, decode_receipt
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.receipt import message_id
from rencheng.store.registry.devices import register
from tests.conftest import Broker
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, counts, sample, scalar
from tests.support.ingest_load import audit, under_load
from tests.support.mqtt_listener import Listener, listening
from tests.support.polling import eventually

Connect = Callable[[str], DeviceClient]
WAITING_WRITERS = """SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rencheng-ingest-%'
 AND wait_event_type = 'Lock' AND datname = current_database()"""
LIVE_QUOTA = 60
"""The quota of one device, readings a minute; 180 may come at once."""


@pytest.fixture(scope="module", autouse=True)
def _profiles(database: Engine) -> None:
    keeper = Device("keeper", Kind.WATERLOGGING, REGION, receipts=True)
    mad = Device("mad", Kind.WATERLOGGING, REGION, receipts=True, quota_per_minute=LIVE_QUOTA)
    with database.begin() as connection:
        register(connection, [(keeper, None), (mad, None)])


@pytest.fixture
def replies(broker: Broker) -> Iterator[Listener]:
    user, password = broker.account("operator")
    with listening(user=user, password=password, address=broker.address) as listener:
        yield listener


def documents(replies: Listener, name: str) -> list[ReceiptDocument]:
    return [decode_receipt(payload) for payload in replies.payloads(f"/{name}/reply")]


def settled(replies: Listener, name: str = "keeper") -> list[str]:
    return [name for one in documents(replies, name) for name in one.settled]


def test_a_device_with_receipts_gets_one_after_the_commit_and_never_before(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    keeper, plain = connect("keeper"), connect("G1")
    good, odd = b'{"time": "%s", "depth_mm": 4}' % datetime.now(UTC).isoformat().encode(), b"\xff odd"
    plain.send(sample())
    with database.connect() as connection:
        connection.execute(text("LOCK TABLE waterlogging_readings IN ACCESS EXCLUSIVE MODE"))
        keeper.send(good)
        eventually(lambda: scalar(database, WAITING_WRITERS), 1)

        assert settled(replies) == []
    eventually(lambda: settled(replies), [message_id(good)])

    keeper.send(good)  # a repetition is settled as well
    keeper.send(odd)  # and so is a message in quarantine
    eventually(lambda: set(settled(replies)[1:]), {message_id(good), message_id(odd)})
    (rejected,) = [rejected for one in documents(replies, "keeper") for rejected in one.rejected]
    assert (rejected.message, rejected.position, rejected.reason) == (message_id(odd), -1, RejectionReason.UNDECODABLE)
    assert counts(database) == (2, 1, 1)
    assert settled(replies, "G1") == []


def test_a_rejected_reading_is_reported_with_position_and_reason_but_not_to_an_unregistered_device(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    reading = sample(depth_mm=10)
    gauge, unregistered = connect("G2"), connect("unregistered")
    unregistered.send(reading)
    gauge.send(reading)
    gauge.send([sample(), reading | {"depth_mm": 11}, {"time": "soon", "depth_mm": 1}])

    eventually(lambda: len([r for one in documents(replies, "G2") for r in one.rejected]), 2)
    rejected = {r.position: r for one in documents(replies, "G2") for r in one.rejected}
    assert {position: r.reason for position, r in rejected.items()} == {
        1: RejectionReason.CONFLICT,
        2: RejectionReason.INVALID,
    }
    assert "other values" in rejected[1].detail
    assert rejected[2].detail.startswith("time: ")
    assert replies.payloads("/unregistered/reply") == []


def test_a_thousand_messages_a_second_get_about_one_reply_a_second(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    with under_load([connect("keeper")]) as load:
        load.wait_for(1200)
    audit(database, load.published)

    eventually(lambda: len(settled(replies)), len(load.published))
    assert len(documents(replies, "keeper")) <= 8


def test_a_device_that_floods_is_shed_alone_with_one_quarantine_record_an_hour(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    mad, others = connect("mad"), [connect(name) for name in GAUGES[:4]]
    first = datetime.now(UTC)
    with under_load(others) as load:
        moments = (first - timedelta(milliseconds=number) for number in range(3000))  # no two alike
        sent = [mad.post({"time": moment.isoformat(), "depth_mm": 1.0}) for moment in moments]
        for info in sent:
            info.wait_for_publish(30)
        load.wait_for(500)

    kept = "SELECT count(*) FROM waterlogging_readings WHERE device_id = 'mad'"
    eventually(lambda: sum(counts(database)), len(load.published) + 3000)
    stored = scalar(database, kept)
    assert 180 <= stored <= 180 + (datetime.now(UTC) - first).total_seconds() * LIVE_QUOTA / 60 + 1
    assert counts(database) == (len(load.published) + stored, 0, 3000 - stored)
    assert scalar(database, "SELECT sum(times) FROM quarantine WHERE reason = 'quota'") == 3000 - stored
    assert scalar(database, "SELECT count(*) FROM quarantine") <= 2  # the hour may have turned
    eventually(lambda: sum(one.shed.readings for one in documents(replies, "mad") if one.shed), 3000 - stored)
    assert len(settled(replies, "mad")) == stored
