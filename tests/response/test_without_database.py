"""While the database is away, red leaves from memory to the spare list; afterwards the ledger is whole."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.conftest import Broker
from tests.response.conftest import MakeResponse
from tests.support.decisions import decide, decided_document, open_sites, states, subscribe
from tests.support.outage import database_closed
from tests.support.polling import eventually
from tests.support.webhook_receiver import WebhookReceiver

Publish = Callable[[dict[str, Any]], None]


@pytest.fixture
def publish(broker: Broker) -> Iterator[Publish]:
    """Publish a warning as the alert service does."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(*broker.account("alerts"))
    client.connect(*broker.address)
    client.loop_start()

    def send(document: dict[str, Any]) -> None:
        topic = f"rencheng/v1/370102/warning/{document['site']['id']}"
        client.publish(topic, json.dumps(document), qos=1, retain=True).wait_for_publish(10)

    yield send
    client.disconnect()
    client.loop_stop()


def test_red_and_its_end_leave_once_while_the_database_is_away_and_the_ledger_is_whole_afterwards(
    database: Engine,
    database_server: str,
    make_response: MakeResponse,
    receiver: WebhookReceiver,
    publish: Publish,
) -> None:
    open_sites(database, "S1", "S2", "S3")
    spare, _ = subscribe(database, "duty", "webhook", f"{receiver.url}/duty", contact={"spare": True})
    other, _ = subscribe(database, "other", "webhook", f"{receiver.url}/other")
    make_response("0")
    make_response("1")
    time.sleep(1.5)  # both have asked the database
    steps = [("S1", 1, Level.ORANGE, False), ("S1", 2, Level.RED, False), ("S2", 1, Level.ORANGE, False)]
    with database_closed(database_server, str(database.url.database)):
        for site, sequence, level, ends in steps:
            publish(decided_document(site, sequence, level, ends=ends))
        eventually(lambda: len(receiver.of("/duty")) == 1, within_s=12)
        publish(decided_document("S1", 3, Level.RED, ends=False))
        publish(decided_document("S1", 4, Level.RED, ends=True))
        publish(decided_document("S3", 1, Level.RED, ends=False))
        eventually(lambda: len(receiver.of("/duty")) == 3, within_s=5)
        assert receiver.of("/other") == []
    steps += [("S1", 3, Level.RED, False), ("S1", 4, Level.RED, True), ("S3", 1, Level.RED, False)]
    for site, sequence, level, ends in steps:
        decide(database, site, sequence, level, ends=ends)
    everything = [(number, "sent") for number in (1, 2, 3, 4, 1, 1)]
    eventually(lambda: states(database, spare) == states(database, other) == everything, within_s=15)

    arrived = [(one.document["data"]["site"]["id"], one.document["data"]["sequence"]) for one in receiver.of("/duty")]
    assert (arrived[0], sorted(arrived[1:3])) == (("S1", 2), [("S1", 4), ("S3", 1)])  # places wait for no other
    assert sorted(arrived[3:]) == [("S1", 1), ("S1", 3), ("S2", 1)]
    assert len({one.message_id for one in receiver.of("/duty")}) == 6
    with database.connect() as connection:
        unended = connection.execute(text("SELECT count(*) FROM attempts WHERE outcome IS NULL")).scalar_one()
    assert unended == 0
