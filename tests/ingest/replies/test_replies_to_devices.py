"""What a device is told on its `reply` topic, by real servers: receipts and refusals, and nothing before the commit."""

import time
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
LIVE_QUOTA = 60
"""Readings a minute of a device whose quota is small: 180 at once."""


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


def answers(replies: Listener, name: str) -> list[ReceiptDocument]:
    return [decode_receipt(payload) for payload in replies.heard(f"/{name}/reply")]


def settled(replies: Listener, name: str = "keeper") -> list[str]:
    return [name for answer in answers(replies, name) for name in answer.settled]


def test_a_device_that_asked_is_told_what_is_settled_after_the_commit_and_never_before(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    keeper, plain = connect("keeper"), connect("G1")
    good, odd = b'{"time": "%s", "depth_mm": 4}' % datetime.now(UTC).isoformat().encode(), b"\xff odd"
    plain.send(sample())
    with database.connect() as connection:
        connection.execute(text("LOCK TABLE waterlogging_readings IN ACCESS EXCLUSIVE MODE"))
        keeper.send(good)
        time.sleep(1.6)  # more than a round of answers

        assert settled(replies) == []
    eventually(lambda: settled(replies), [message_id(good)])

    keeper.send(good)  # a repetition is settled as well
    keeper.send(odd)  # and so is what stands in quarantine
    eventually(lambda: set(settled(replies)[1:]), {message_id(good), message_id(odd)})
    (rejected,) = [rejected for answer in answers(replies, "keeper") for rejected in answer.rejected]
    assert (rejected.message, rejected.position, rejected.reason) == (message_id(odd), -1, RejectionReason.UNDECODABLE)
    assert counts(database) == (2, 1, 1)
    assert settled(replies, "G1") == []


def test_a_refused_reading_is_answered_with_its_place_and_reason_and_a_stranger_is_not(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    reading = sample(depth_mm=10)
    gauge, stranger = connect("G2"), connect("nobody-knows")
    stranger.send(reading)
    gauge.send(reading)
    gauge.send([sample(), reading | {"depth_mm": 11}, {"time": "soon", "depth_mm": 1}])

    eventually(lambda: len([r for answer in answers(replies, "G2") for r in answer.rejected]), 2)
    rejected = {r.position: r for answer in answers(replies, "G2") for r in answer.rejected}
    assert {position: r.reason for position, r in rejected.items()} == {
        1: RejectionReason.CONFLICT,
        2: RejectionReason.INVALID,
    }
    assert "other values" in rejected[1].detail
    assert rejected[2].detail.startswith("time: ")
    assert replies.heard("/nobody-knows/reply") == []


def test_a_thousand_messages_a_second_are_answered_about_once_a_second(
    ingest: IngestProcess, connect: Connect, database: Engine, replies: Listener
) -> None:
    with under_load([connect("keeper")]) as load:
        load.wait_for(1200)
    audit(database, load.published)

    eventually(lambda: len(settled(replies)), len(load.published))
    assert len(answers(replies, "keeper")) <= 8


def test_a_device_that_floods_is_shed_alone_and_says_so_once_an_hour(
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
    eventually(lambda: sum(answer.shed.readings for answer in answers(replies, "mad") if answer.shed), 3000 - stored)
    assert len(settled(replies, "mad")) == stored
