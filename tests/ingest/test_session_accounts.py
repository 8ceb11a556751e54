"""Nobody but ingest takes ingest's session at the broker, and the session of an earlier release is emptied first."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import Engine

from tests.conftest import Broker
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import IngestProcess, counts, sample
from tests.support.ingest_load import disconnects
from tests.support.polling import eventually

Connect = Callable[[str], DeviceClient]

OLD_ID = "rencheng-ingest-0"
MORE_THAN_THE_WINDOW = 11_000


def connect_once(broker: Broker, account: tuple[str, str], client_id: str, *, clean: bool) -> bool:
    """Connect, and return whether the broker had a session of this client id."""
    present: list[bool] = []
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, protocol=MQTTProtocolVersion.MQTTv311
    )
    client.username_pw_set(*account)
    client.on_connect = lambda _c, _d, flags, _r, _p: present.append(flags.session_present)
    client.connect(*broker.address)
    client.loop_start()
    eventually(lambda: bool(present))
    client.disconnect()
    client.loop_stop()
    return present[0]


@pytest.mark.parametrize("clean", [True, False], ids=["clean session", "persistent session"])
def test_a_device_that_connects_as_the_absent_ingest_takes_no_message(
    ingest: IngestProcess, connect: Connect, database: Engine, broker: Broker, clean: bool
) -> None:
    gauge, attacker = connect("G2"), connect("G1")
    attacker.close()
    ingest.stop()
    for number in range(300):
        gauge.send(sample(seconds_ago=number))
    connect_once(broker, ("G1", broker.passwords["G1"]), OLD_ID, clean=clean)
    ingest.start()

    eventually(lambda: counts(database), (300, 0, 0))


def test_a_device_that_connects_as_the_running_ingest_does_not_disconnect_it(
    ingest: IngestProcess, connect: Connect, database: Engine, broker: Broker
) -> None:
    gauge, attacker = connect("G2"), connect("G1")
    attacker.close()
    for number in range(20):
        connect_once(broker, ("G1", broker.passwords["G1"]), OLD_ID, clean=number % 2 == 0)
        gauge.send(sample(seconds_ago=number))

    eventually(lambda: counts(database), (20, 0, 0))
    assert disconnects(ingest) == 0


def test_messages_that_wait_in_the_session_of_an_earlier_release_are_stored_and_the_session_ends(
    broker: Broker, ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    ingest.stop()
    subscribed = threading.Event()
    earlier = Client(
        CallbackAPIVersion.VERSION2, client_id=OLD_ID, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
    )
    earlier.username_pw_set(*broker.account("ingest"))
    earlier.on_connect = lambda client, *_: client.subscribe(
        [("rencheng/v1/+/+/+/telemetry", 1), ("rencheng/v1/+/+/+/state", 1)]
    )
    earlier.on_subscribe = lambda *_: subscribed.set()
    earlier.connect(*broker.address)
    earlier.loop_start()
    assert subscribed.wait(20)
    earlier.disconnect()
    earlier.loop_stop()
    first = datetime.now(UTC) - timedelta(hours=5)
    payloads = [
        json.dumps({"time": (first + timedelta(seconds=n)).isoformat(), "depth_mm": 1.0}).encode()
        for n in range(MORE_THAN_THE_WINDOW)
    ]
    gauge = connect("G3")
    gauge.send_all(payloads, topic=f"rencheng/v1/{REGION}/waterlogging/G3/telemetry")
    ingest.start()
    eventually(lambda: counts(database)[0], MORE_THAN_THE_WINDOW)
    gauge.send(sample())
    eventually(lambda: counts(database)[0], MORE_THAN_THE_WINDOW + 1)
    ingest.wait_for("messages of the earlier session taken")
    ingest.stop()

    assert not connect_once(broker, broker.account("ingest"), OLD_ID, clean=True)


def test_retained_messages_count_once_however_often_ingest_connects_again(
    broker: Broker, ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    gauge = connect("G1")
    for channel, payload in (("telemetry", json.dumps(sample()).encode()), ("state", b"forged")):
        topic = f"rencheng/v1/{REGION}/waterlogging/G1/{channel}"
        gauge._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(20)
    eventually(lambda: counts(database), (1, 0, 1))
    for _ in range(3):
        ingest.stop()
        ingest.start()
    gauge.send(sample())

    eventually(lambda: counts(database)[0], 2)
    assert counts(database) == (2, 0, 1)
