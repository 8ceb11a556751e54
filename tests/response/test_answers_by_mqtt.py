"""A dispatch system answers a call by MQTT: once for each ask, also if the service was away meanwhile."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.conftest import Broker
from tests.response.conftest import MakeResponse
from tests.support.calls import clear_calls, put_on_duty
from tests.support.decisions import decide, open_sites
from tests.support.polling import eventually

ANSWER = {"id": "a-1", "warning_id": "S1-w", "person_id": "ann", "kind": "accepted", "round": 1, "ask": 1}


class DispatchSystem:
    """A client with the account of dispatch, and the results that it receives."""

    def __init__(self, broker: Broker) -> None:
        self.results: list[dict[str, Any]] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(*broker.account("operator"))
        self._client.on_connect = lambda client, *_: client.subscribe("rencheng/v1/answer/result")
        self._client.on_message = lambda _client, _data, message: self.results.append(json.loads(message.payload))
        self._client.connect(*broker.address)
        self._client.loop_start()
        eventually(self._client.is_connected)

    def publish(self, payload: object) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        self._client.publish("rencheng/v1/answer", body, qos=1).wait_for_publish(20)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def dispatch(broker: Broker) -> Iterator[DispatchSystem]:
    system = DispatchSystem(broker)
    yield system
    system.close()


def call_of(database: Engine) -> tuple[str, int]:
    query = "SELECT (SELECT state FROM calls), (SELECT count(*) FROM acknowledgements WHERE refusal = '')"
    with database.connect() as connection:
        state, answers = connection.execute(text(query)).one()
    return state, answers


def test_an_answer_by_mqtt_counts_once_and_waits_at_the_broker_for_the_service(
    database: Engine, make_response: MakeResponse, dispatch: DispatchSystem
) -> None:
    clear_calls(database)
    open_sites(database, "S1")
    put_on_duty(database)
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET region = '370102'"))
    service = make_response("0")
    decide(database, "S1", 1, Level.RED)
    eventually(lambda: call_of(database)[0] == "calling", within_s=10)
    for odd in (b"{", {"id": "b"}, ANSWER | {"id": "c", "kind": "ended"}, ANSWER | {"id": "d", "person_id": "nobody"}):
        dispatch.publish(odd)
    eventually(lambda: len(dispatch.results) == 4, within_s=10)
    assert not any(result["taken"] for result in dispatch.results)
    assert call_of(database) == ("calling", 0)
    service.kill()
    dispatch.results.clear()
    for _ in range(3):
        dispatch.publish(ANSWER)
    make_response("0")
    eventually(lambda: len(dispatch.results) >= 3, within_s=15)

    assert [result for result in dispatch.results if not result["taken"]] == []
    assert call_of(database) == ("answered", 1)
