"""No message of one device stops another device."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.codecs.items import PAYLOAD_BYTES_MAX, READINGS_MAX
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.registry.devices import register
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import IngestProcess, counts, sample, scalar
from tests.support.ingest_load import disconnects
from tests.support.polling import eventually

Connect = Callable[[str], DeviceClient]


def test_ten_megabytes_are_refused_by_the_broker_and_the_other_devices_go_on(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    huge, good = connect("G1"), connect("G2")
    huge._client.publish(f"rencheng/v1/{REGION}/waterlogging/G1/telemetry", b"x" * 10_000_000, qos=1)
    for _ in range(20):
        good.send(sample())

    eventually(lambda: counts(database), (20, 0, 0))
    assert disconnects(ingest) == 0


@pytest.mark.parametrize(
    "nonsense",
    [b"x" * PAYLOAD_BYTES_MAX, b"[" * 120_000, b"[" + b"{}," * 39_000 + b"{}]", bytes(range(256)) * 500],
    ids=["letters", "brackets", "empty objects", "all bytes"],
)
def test_a_payload_of_garbage_is_kept_whole_and_the_other_devices_go_on(
    ingest: IngestProcess, connect: Connect, database: Engine, nonsense: bytes
) -> None:
    bad, good = connect("G1"), connect("G2")
    for _ in range(3):
        bad.send(nonsense)
        good.send(sample())

    eventually(lambda: counts(database), (3, 0, 3))
    with database.connect() as connection:
        entry = connection.execute(text("SELECT payload, reason, times FROM quarantine")).one()
    assert (bytes(entry.payload), entry.reason, entry.times) == (nonsense, "undecodable", 3)


@pytest.mark.parametrize(
    "text_of_json",
    [
        '{"time": "0001-01-01T00:00:00+08:00", "depth_mm": 1}',
        '{"time": "9999-12-31T23:59:59-08:00", "depth_mm": 1}',
        '[{"time": "2026-11-20T08:00:00+08:00", "depth_mm": 1, "\\u0000": "\\u0000"}]',
        '{"time": "2026-11-20T08:00:00+08:00", "depth_mm": 1e999}',
    ],
    ids=["year 0", "year 10000", "NUL", "infinite"],
)
def test_an_impossible_value_does_not_stop_ingest(
    ingest: IngestProcess, connect: Connect, database: Engine, text_of_json: str
) -> None:
    gauge = connect("G1")
    gauge.send(text_of_json.encode())
    gauge.send(sample())

    eventually(lambda: counts(database), (1, 0, 1))
    assert scalar(database, "SELECT reason FROM quarantine") == "invalid"


def test_a_device_with_an_unknown_codec_does_not_stop_ingest(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    with database.begin() as connection:
        register(connection, [(Device("foreign", Kind.WATERLOGGING, REGION, codec="morse"), None)])
    connect("foreign").send(sample())
    connect("G1").send(sample())

    eventually(lambda: counts(database), (1, 0, 1))


def test_a_topic_that_names_another_device_is_dropped_by_the_broker(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    forger = connect("G1")
    for victim in ("G2", "rencheng-ingest"):
        topic = f"rencheng/v1/{REGION}/waterlogging/{victim}/telemetry"
        forger._client.publish(topic, json.dumps(sample()), qos=1)
    forger.post(sample())  # after it has connected again, because Mosquitto ends the connection of a forger with QoS 1

    eventually(lambda: counts(database), (1, 0, 0))
    assert scalar(database, "SELECT array_agg(device_id) FROM waterlogging_readings") == ["G1"]


@pytest.mark.slow
def test_a_flood_of_bad_messages_leaves_the_good_ones_unharmed(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    bad, good = connect("G1"), connect("G2")
    topic = f"rencheng/v1/{REGION}/waterlogging/G1/telemetry"
    floods = [bad._client.publish(topic, b"bad %d" % (number % 100), qos=1) for number in range(6000)]
    for second in range(300):
        good.send(sample(second))
    for sent in floods:
        sent.wait_for_publish(30)

    eventually(lambda: counts(database), (300, 0, 6000))
    assert scalar(database, "SELECT count(*) FROM quarantine") == 100
    assert scalar(database, "SELECT sum(times) FROM quarantine") == 6000


@pytest.mark.slow
def test_a_backlog_of_buffered_uploads_larger_than_the_inbox_is_processed_without_a_disconnect(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    ingest.stop()
    controller, first = connect("S1"), datetime.now(UTC) - timedelta(days=2)
    uploads = 300
    for upload in range(uploads):  # about 250 kB each, because of the blanks
        events = [
            {"time": (first + timedelta(seconds=upload, microseconds=n)).isoformat(), "event_id": 82, "parameter": n}
            for n in range(READINGS_MAX // 10)
        ]
        controller.send(json.dumps(events).encode() + b" " * 240_000, kind=Kind.SIGNAL)
    ingest.start()

    eventually(lambda: counts(database), (uploads * READINGS_MAX // 10, 0, 0), within_s=40)
    assert disconnects(ingest) == 0
