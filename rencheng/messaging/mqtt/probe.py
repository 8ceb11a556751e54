"""What a broker lets through, measured from outside: its in-flight window, its queue, its promptness."""

import secrets
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from rencheng.domain.errors import NotPossible
from rencheng.messaging.mqtt.batching_client import BatchingClient
from rencheng.messaging.mqtt.packets import Publish

Account = tuple[str, str]

MESSAGES = 12_000
"""More than our window (10,000), and more than a default window (20) and a default queue (1,000) together."""

ANSWER_S = 5.0
"""How long a first answer may take to be heard."""

QUIET_S = 0.7
"""When nothing came for so long, nothing more comes."""

PATIENCE_S = 30.0
TRIPS = 20


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a broker did with messages for a subscriber that does not acknowledge, and then does.

    Attributes:
        sent: messages that the broker accepted, with QoS 1.
        in_flight: how many it handed over before it waited for an acknowledgement: its window, if below `sent`.
        delivered: how many it handed over in all. What is missing it dropped, in silence.
        trip_ms: median time from publishing one message to its arrival, milliseconds.
    """

    sent: int
    in_flight: int
    delivered: int
    trip_ms: float

    @property
    def dropped(self) -> int:
        """Accepted, and never handed over."""
        return self.sent - self.delivered


class NoReply(NotPossible):
    """What ingest tells devices on their `reply` topics does not come through.

    Attributes:
        cut_off: the broker closes the connection of who tries.
    """

    def __init__(self, *, cut_off: bool) -> None:
        super().__init__("the broker hangs up on who answers a device" if cut_off else "no answer comes through")
        self.cut_off = cut_off


def probe_broker(
    address: tuple[str, int], *, speaker: Account, listener: Account, messages: int = MESSAGES
) -> ProbeResult:
    """Send messages through the broker, on a topic that nobody else uses.

    Args:
        address: host and port.
        speaker: user and password of an account that may write `reply` topics.
        listener: of one that may read them.
        messages: how many to send.

    Raises:
        CannotAnswer: the speaker may not write `reply` topics, or the listener not read them.
        NotPossible: the broker cannot be reached, refuses an account, or does not let the messages through.
    """
    topic = f"rencheng/v1/000000/waterlogging/doctor-{secrets.token_hex(4)}/reply"
    ears = _ProbeListener()
    with _connected(_new_listener(ears, listener), address, ears.subscribed, topic) as hearing:
        accepted = threading.Semaphore(0)
        speaking_client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        speaking_client.on_publish = lambda *_: accepted.release()
        speaking_client.max_inflight_messages_set(0)
        speaking_client.username_pw_set(*speaker)
        with _connected(speaking_client, address, threading.Event(), None) as speaking:
            _require_an_answer(speaking, ears, topic)
            trip_ms = _trip_ms(speaking, hearing, ears, topic)
            ears.acknowledges, before = False, ears.count
            for _ in range(messages):
                speaking.publish(topic, b"", qos=1)
            if not all(accepted.acquire(timeout=PATIENCE_S) for _ in range(messages + TRIPS + 1)):
                raise NotPossible("the broker does not take what is published; what does its log say?")
            in_flight = ears.when_quiet() - before
            ears.acknowledges = True
            hearing.acknowledge(ears.owed)
            return ProbeResult(messages, in_flight, ears.when_quiet() - before, trip_ms)


class _ProbeListener:
    """Counts what comes, and acknowledges it or not."""

    def __init__(self) -> None:
        self.subscribed = threading.Event()
        self.acknowledges = True
        self.count = 0
        self.owed: list[int] = []
        self.last_s = time.monotonic()

    def __call__(self, client: BatchingClient, publishes: list[Publish]) -> None:
        ids = [one.packet_id for one in publishes if one.packet_id]
        if self.acknowledges:
            client.acknowledge(ids)
        else:
            self.owed += ids
        self.last_s = time.monotonic()
        self.count += len(publishes)

    def when_quiet(self) -> int:
        """How many have come, once no more come."""
        begun = time.monotonic()
        while time.monotonic() < max(begun, self.last_s) + QUIET_S:
            time.sleep(QUIET_S / 10)
        return self.count


def _new_listener(ears: _ProbeListener, account: Account) -> BatchingClient:
    client = BatchingClient(
        ears, callback_api_version=CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311
    )
    client.username_pw_set(*account)
    client.on_subscribe = lambda *_: ears.subscribed.set()
    return client


@contextmanager
def _connected(client: Any, address: tuple[str, int], ready: threading.Event, topic: str | None) -> Iterator[Any]:  # noqa: ANN401 - one of paho's clients
    refused: list[str] = []

    def connected(_client: Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:  # noqa: ANN401 - paho's
        if reason.is_failure:
            refused.append(str(reason))
            ready.set()
        elif topic is None:
            ready.set()
        else:
            client.subscribe(topic, qos=1)

    client.on_connect = connected
    try:
        client.connect(*address)
    except OSError as error:
        raise NotPossible(f"the broker at {address[0]}:{address[1]} does not answer: {error}") from error
    client.loop_start()
    try:
        if not ready.wait(PATIENCE_S) or refused:
            raise NotPossible(f"the broker refuses us: {', '.join(refused) or 'no answer'}")
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _require_an_answer(speaking: Client, ears: _ProbeListener, topic: str) -> None:
    cut_off = threading.Event()
    speaking.on_disconnect = lambda *_: cut_off.set()
    speaking.publish(topic, b"", qos=1)
    until = time.monotonic() + ANSWER_S
    while not ears.count:
        if cut_off.is_set() or time.monotonic() > until:
            raise NoReply(cut_off=cut_off.is_set())
        time.sleep(0.0005)
    speaking.on_disconnect = None


def _trip_ms(speaking: Client, hearing: BatchingClient, ears: _ProbeListener, topic: str) -> float:
    trips = []
    for _ in range(TRIPS):
        before, begun = ears.count, time.monotonic()
        speaking.publish(topic, b"", qos=1)
        _wait_until(lambda before=before: ears.count > before)  # type: ignore[misc]
        trips.append(1000 * (time.monotonic() - begun))
    del hearing
    return statistics.median(trips)


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            raise NotPossible("the broker does not hand over what is published: may the listener read `reply` topics?")
        time.sleep(0.0005)
