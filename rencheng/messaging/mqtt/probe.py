"""Measure a broker from outside: its in-flight window, the messages its queue drops, its latency."""

import secrets
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from rencheng.domain.errors import NotPossible
from rencheng.messaging.mqtt.batching_client import BatchingClient
from rencheng.messaging.mqtt.packets import Publish

Account = tuple[str, str]

MESSAGES = 12_000
"""More than the shipped window (10,000), and more than a default window (20) and a default queue (1,000) together."""

FIRST_MESSAGE_S = 5.0
"""How long the first message may take to arrive."""

QUIET_S = 0.7
"""After this long without a message, no more are expected."""

TIMEOUT_S = 30.0
TRIPS = 20


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How a broker treated the messages for a subscriber that first withholds its acknowledgements and then sends them.

    Attributes:
        sent: messages that the broker accepted, with QoS 1.
        in_flight: how many it delivered before it waited for an acknowledgement: its window, if below `sent`.
        delivered: how many it delivered in all. It dropped the others without a report.
        trip_ms: median time from publishing one message to its arrival, milliseconds.
    """

    sent: int
    in_flight: int
    delivered: int
    trip_ms: float

    @property
    def dropped(self) -> int:
        """Return how many messages it accepted and never delivered."""
        return self.sent - self.delivered


class NoReply(NotPossible):
    """Replies to devices on their `reply` topics do not arrive.

    Attributes:
        disconnected: whether the broker closes the connection of the publisher.
    """

    def __init__(self, *, disconnected: bool) -> None:
        super().__init__(
            "the broker disconnects a client that publishes a reply" if disconnected else "no reply arrives"
        )
        self.disconnected = disconnected


def probe_broker(
    address: tuple[str, int],
    *,
    publisher: Account,
    subscriber: Account,
    messages: int = MESSAGES,
    tls: SSLContext | None = None,
) -> ProbeResult:
    """Send messages through the broker, on a topic of its own.

    Args:
        address: host and port.
        publisher: user and password of an account that may write `reply` topics.
        subscriber: of one that may read them.
        messages: how many to send.
        tls: how the broker's certificate is checked; None for a plain connection.

    Raises:
        NoReply: the publisher may not write `reply` topics, or the subscriber not read them.
        NotPossible: the broker cannot be reached, refuses an account, or does not let the messages through.
    """
    topic = f"rencheng/v1/000000/waterlogging/doctor-{secrets.token_hex(4)}/reply"
    counter = _MessageCounter()
    subscribing_client = _new_subscriber(counter, subscriber)
    if tls is not None:
        subscribing_client.tls_set_context(tls)
    with _connected(subscribing_client, address, counter.subscribed, topic) as subscribing:
        accepted = threading.Semaphore(0)
        publishing_client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        publishing_client.on_publish = lambda *_: accepted.release()
        publishing_client.max_inflight_messages_set(0)
        publishing_client.username_pw_set(*publisher)
        if tls is not None:
            publishing_client.tls_set_context(tls)
        with _connected(publishing_client, address, threading.Event(), None) as publishing:
            _require_a_reply(publishing, counter, topic)
            trip_ms = _trip_ms(publishing, subscribing, counter, topic)
            counter.acknowledges, before = False, counter.count
            for _ in range(messages):
                publishing.publish(topic, b"", qos=1)
            if not all(accepted.acquire(timeout=TIMEOUT_S) for _ in range(messages + TRIPS + 1)):
                raise NotPossible("the broker does not acknowledge published messages; read its log")
            in_flight = counter.count_when_quiet() - before
            counter.acknowledges = True
            subscribing.acknowledge(counter.withheld)
            return ProbeResult(messages, in_flight, counter.count_when_quiet() - before, trip_ms)


class _MessageCounter:
    """Counts messages, and acknowledges them or not."""

    def __init__(self) -> None:
        self.subscribed = threading.Event()
        self.acknowledges = True
        self.count = 0
        self.withheld: list[int] = []
        self.last_s = time.monotonic()

    def __call__(self, client: BatchingClient, publishes: list[Publish]) -> None:
        ids = [one.packet_id for one in publishes if one.packet_id]
        if self.acknowledges:
            client.acknowledge(ids)
        else:
            self.withheld += ids
        self.last_s = time.monotonic()
        self.count += len(publishes)

    def count_when_quiet(self) -> int:
        """Return how many messages came, once no more come."""
        begun = time.monotonic()
        while time.monotonic() < max(begun, self.last_s) + QUIET_S:
            time.sleep(QUIET_S / 10)
        return self.count


def _new_subscriber(counter: _MessageCounter, account: Account) -> BatchingClient:
    client = BatchingClient(
        counter, callback_api_version=CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311
    )
    client.username_pw_set(*account)
    client.on_subscribe = lambda *_: counter.subscribed.set()
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
        if not ready.wait(TIMEOUT_S) or refused:
            raise NotPossible(f"the broker refuses the connection: {', '.join(refused) or 'no answer'}")
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _require_a_reply(publishing: Client, counter: _MessageCounter, topic: str) -> None:
    disconnected = threading.Event()
    publishing.on_disconnect = lambda *_: disconnected.set()
    publishing.publish(topic, b"", qos=1)
    until = time.monotonic() + FIRST_MESSAGE_S
    while not counter.count:
        if disconnected.is_set() or time.monotonic() > until:
            raise NoReply(disconnected=disconnected.is_set())
        time.sleep(0.0005)
    publishing.on_disconnect = None


def _trip_ms(publishing: Client, subscribing: BatchingClient, counter: _MessageCounter, topic: str) -> float:
    trips = []
    for _ in range(TRIPS):
        before, begun = counter.count, time.monotonic()
        publishing.publish(topic, b"", qos=1)
        _wait_until(lambda before=before: counter.count > before)  # type: ignore[misc]
        trips.append(1000 * (time.monotonic() - begun))
    del subscribing
    return statistics.median(trips)


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > until:
            raise NotPossible("the broker does not deliver published messages: may the subscriber read `reply` topics?")
        time.sleep(0.0005)
