"""The doctor's measurement of brokers, on real ones."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from local_stack.programs import Programs
from rencheng.domain.errors import NotPossible
from rencheng.messaging.mqtt.probe import NoReply, ProbeResult, probe_broker
from tests.conftest import SERVICES, Broker

DEFAULTS = "max_inflight_messages 20\nmax_queued_messages 1000"


@pytest.fixture
def narrow_broker(programs: Programs, server_folder: Path) -> Iterator[Broker]:
    """Mosquitto with its default limits."""
    folder, port = server_folder / f"narrow-{secrets.token_hex(4)}", choose_port(seed=secrets.token_hex(4), avoid=())
    server = MosquittoServer(programs, folder, port, extra_config=DEFAULTS)
    server.start()
    broker = Broker(server, {})
    broker.add_accounts(*(f"rencheng-{name}" for name in SERVICES))
    yield broker
    server.kill()


def measure(broker: Broker, messages: int) -> ProbeResult:
    publisher, subscriber = broker.account("ingest"), broker.account("operator")
    return probe_broker(broker.address, publisher=publisher, subscriber=subscriber, messages=messages)


def test_the_window_of_a_broker_and_the_messages_its_queue_drops_are_measured(narrow_broker: Broker) -> None:
    result = measure(narrow_broker, 2000)

    assert (result.sent, result.in_flight) == (2000, 20)
    assert 1000 <= result.delivered <= 1100
    assert result.dropped == result.sent - result.delivered
    assert result.trip_ms > 0


def test_the_shipped_broker_delivers_everything(broker: Broker) -> None:
    result = measure(broker, 2000)

    assert (result.in_flight, result.dropped) == (2000, 0)


def test_a_broker_that_disconnects_a_publisher_of_replies_is_detected(broker: Broker) -> None:
    broker.add_accounts("rencheng-foreign")
    with pytest.raises(NoReply) as found:
        probe_broker(broker.address, publisher=broker.account("foreign"), subscriber=broker.account("operator"))

    assert found.value.disconnected


def test_a_broker_that_drops_replies_without_a_report_is_detected(narrow_broker: Broker) -> None:
    narrow_broker.add_accounts("rencheng-foreign")
    publisher, subscriber = narrow_broker.account("foreign"), narrow_broker.account("operator")
    with pytest.raises(NoReply) as found:
        probe_broker(narrow_broker.address, publisher=publisher, subscriber=subscriber)

    assert not found.value.disconnected


def test_a_broker_that_is_away_or_refuses_is_reported(broker: Broker) -> None:
    wrong = ("rencheng-operator", "wrong")
    with pytest.raises(NotPossible, match="refuses the connection"):
        probe_broker(broker.address, publisher=broker.account("ingest"), subscriber=wrong)
    broker.server.stop()
    with pytest.raises(NotPossible, match="does not answer"):
        measure(broker, 10)
