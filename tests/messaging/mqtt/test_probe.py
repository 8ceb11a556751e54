"""What the doctor measures of a broker, on real ones."""

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
    """As Mosquitto is when nobody has set anything."""
    folder, port = server_folder / f"narrow-{secrets.token_hex(4)}", choose_port(seed=secrets.token_hex(4), avoid=())
    server = MosquittoServer(programs, folder, port, extra_config=DEFAULTS)
    server.start()
    broker = Broker(server, {})
    broker.add_accounts(*(f"rencheng-{name}" for name in SERVICES))
    yield broker
    server.kill()


def measure(broker: Broker, messages: int) -> ProbeResult:
    speaker, listener = broker.account("ingest"), broker.account("operator")
    return probe_broker(broker.address, speaker=speaker, listener=listener, messages=messages)


def test_a_brokers_window_and_what_its_queue_drops_are_measured(narrow_broker: Broker) -> None:
    passage = measure(narrow_broker, 2000)

    assert (passage.sent, passage.in_flight) == (2000, 20)
    assert 1000 <= passage.delivered <= 1100
    assert passage.dropped == passage.sent - passage.delivered
    assert passage.trip_ms > 0


def test_our_own_broker_lets_everything_through_and_keeps_everything(broker: Broker) -> None:
    passage = measure(broker, 2000)

    assert (passage.in_flight, passage.dropped) == (2000, 0)


def test_a_broker_that_hangs_up_on_who_answers_without_leave_is_found_out(broker: Broker) -> None:
    broker.add_accounts("rencheng-foreign")
    with pytest.raises(NoReply) as found:
        probe_broker(broker.address, speaker=broker.account("foreign"), listener=broker.account("operator"))

    assert found.value.cut_off


def test_a_broker_that_drops_answers_in_silence_is_found_out(narrow_broker: Broker) -> None:
    narrow_broker.add_accounts("rencheng-foreign")
    speaker, listener = narrow_broker.account("foreign"), narrow_broker.account("operator")
    with pytest.raises(NoReply) as found:
        probe_broker(narrow_broker.address, speaker=speaker, listener=listener)

    assert not found.value.cut_off


def test_a_broker_that_is_away_or_refuses_is_told(broker: Broker) -> None:
    wrong = ("rencheng-operator", "wrong")
    with pytest.raises(NotPossible, match="refuses us"):
        probe_broker(broker.address, speaker=broker.account("ingest"), listener=wrong)
    broker.server.stop()
    with pytest.raises(NotPossible, match="does not answer"):
        measure(broker, 10)
