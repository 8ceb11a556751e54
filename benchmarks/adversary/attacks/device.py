"""Attacks with one device's valid account at the broker."""

import json
import random
import socket
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

from benchmarks.adversary.attack import MARK, AttackResult, AttackTarget
from benchmarks.load.connections import READ_BYTES, open_connection
from rencheng.messaging.mqtt.packets import length_prefixed, publish_packet, remaining_length

FORMER_CLIENT_IDS = (
    "rencheng-ingest-0",
    "rencheng-alerts",
    "rencheng-alerts-nearby",
    "rencheng-ingest",
    "rencheng-api",
)
"""Client ids of services that an attacker can guess or read in the source."""

FLOOD_S = 3.0
TAKE_OVER_S = 3.0
REPLY_S = 1.0
OVER_LIMIT_BYTES = 1_000_000
LARGE_BYTES = 100_000
LARGE_MESSAGES = 1000
ARRAY = 100
SESSIONS = 100
RETAINED = 100


def take_sessions_of_services(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Connect with the client ids of services, also without a clean session, again and again."""
    until_s, tried = time.monotonic() + TAKE_OVER_S, 0
    while time.monotonic() < until_s:
        with _connect(target, dice.choice(FORMER_CLIENT_IDS), clean=dice.random() < 0.5):  # noqa: PLR2004 - dice
            tried += 1
            time.sleep(0.1)
    return AttackResult(tried, 0)


def take_sessions_of_devices(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Connect with the client ids of other devices."""
    names = dice.sample(list(target.others), min(20, len(target.others)))
    return AttackResult(len(names), sum(_is_refused(target, name) for name in names))


def publish_large_messages(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish many messages of nearly the largest size, without reading a single answer."""
    return _publish_fast(target, publish_packet(_topic(target), dice.randbytes(LARGE_BYTES), 1), LARGE_MESSAGES)


def publish_beyond_the_size_limit(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish messages that no device may send because of their size."""
    return _publish_fast(target, publish_packet(_topic(target), dice.randbytes(OVER_LIMIT_BYTES), 1), 20)


def flood_with_arrays(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish arrays of live readings as fast as the broker takes them."""
    depths = [dice.randrange(500) for _ in range(ARRAY)]
    now = datetime.now(UTC).isoformat()
    body = json.dumps([{"time": now, "channel": place, "depth_mm": depth} for place, depth in enumerate(depths)])
    return _publish_for(target, publish_packet(_topic(target), body.encode(), 1), FLOOD_S)


def flood_with_single_readings(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish single live readings as fast as the broker takes them."""
    body = json.dumps({"time": datetime.now(UTC).isoformat(), "depth_mm": dice.randrange(500)})
    return _publish_for(target, publish_packet(_topic(target), body.encode(), 1) * 50, FLOOD_S)


def flood_with_garbage(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish what no codec reads, each message different, so that each is kept as evidence."""
    packets = b"".join(publish_packet(_topic(target), dice.randbytes(2000), 1) for _ in range(500))
    return _publish_for(target, packets, FLOOD_S)


def forge_messages_of_services(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish notices, warnings and other devices' readings, retained, below every topic that subscribers watch."""
    other = dice.choice(list(target.others))
    topics = [
        f"rencheng/v1/notice/no_data/{target.device}/state",
        f"rencheng/v1/notice/no_data/{target.device}",
        "rencheng/v1/notice/no_data/actual",
        f"rencheng/v1/{target.region}/warning/{target.device}",
        f"rencheng/v1/{target.region}/warning/{target.device}/telemetry",
        f"rencheng/v1/{target.region}/waterlogging/{other}/telemetry",
        f"rencheng/v1/{target.region}/waterlogging/{target.device}/command",
        "rencheng/v1/service/alerts",
        f"rencheng/v1/notice/alerts/{target.device}/state",
        "$SYS/broker/version",
    ]
    refused = 0
    for topic in topics:
        with _connect(target, target.device) as connection:
            connection.sendall(_retained(topic, json.dumps({"kind": MARK}).encode()))
            refused += _is_closed(connection)
    return AttackResult(len(topics), refused)


def leave_forged_wills(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Leave a last will on a topic of a service, and break the connection."""
    topics = [
        f"rencheng/v1/notice/no_data/{target.device}/state",
        f"rencheng/v1/{target.region}/warning/{dice.choice(list(target.others))}",
    ]
    for topic in topics:
        connection = _connect(target, target.device, will=topic)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()
    return AttackResult(len(topics), 0)


def retain_below_invented_regions(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Publish retained messages below regions and kinds that do not exist."""
    with _connect(target, target.device) as connection:
        for number in range(RETAINED):
            region, kind = f"x{dice.randrange(10**6)}", dice.choice(("waterlogging", "notice", f"y{number}"))
            topic = f"rencheng/v1/{region}/{kind}/{target.device}/state"
            try:
                connection.sendall(_retained(topic, dice.randbytes(50_000)))
            except OSError:
                return AttackResult(number + 1, 1)
        return AttackResult(RETAINED, int(_is_closed(connection)))


def subscribe_to_everything(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Subscribe to every topic, and look for anything that is not the attacker's own."""
    filters = ("#", "$SYS/#", "rencheng/v1/+/+/+/telemetry", "$share/x/rencheng/v1/#", "rencheng/v1/notice/#")
    with _connect(target, f"{target.device}-listens") as connection:
        body = b"\x00\x01" + b"".join(length_prefixed(one) + b"\x00" for one in filters)
        connection.sendall(b"\x82" + remaining_length(len(body)) + body)
        connection.settimeout(2 * REPLY_S)
        received = b""
        with suppress(TimeoutError):
            while data := connection.recv(READ_BYTES):
                received += data
    foreign = [name for name in target.others if f"/{name}/".encode() in received]
    breach = f"the account reads messages of {foreign[0]}" if foreign else ""
    return AttackResult(len(filters), 0 if foreign else len(filters), breach)


def leave_many_sessions(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Leave persistent sessions that subscribe to the flood of the device itself."""
    refused = 0
    for number in range(SESSIONS):
        try:
            with _connect(target, f"left-{dice.randrange(10**9)}-{number}", clean=False) as connection:
                body = b"\x00\x01" + length_prefixed(f"rencheng/v1/+/+/{target.device}/reply") + b"\x01"
                connection.sendall(b"\x82" + remaining_length(len(body)) + body)
                refused += not connection.recv(READ_BYTES)
        except ConnectionError:
            refused += 1
    return AttackResult(SESSIONS, refused)


def hold_many_connections(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Open connections and say nothing, or half of a packet."""
    refused = 0
    with ExitStack() as opened:
        for number in range(SESSIONS):
            try:
                connection = opened.enter_context(socket.create_connection(target.broker, timeout=REPLY_S))
                connection.sendall(b"\x10\xff\xff" if number % 2 else b"")
            except OSError:
                refused += 1
        time.sleep(REPLY_S)
    return AttackResult(SESSIONS, refused)


ATTACKS = (
    take_sessions_of_services,
    take_sessions_of_devices,
    publish_large_messages,
    publish_beyond_the_size_limit,
    flood_with_arrays,
    flood_with_single_readings,
    flood_with_garbage,
    forge_messages_of_services,
    leave_forged_wills,
    retain_below_invented_regions,
    subscribe_to_everything,
    leave_many_sessions,
    hold_many_connections,
)


def _topic(target: AttackTarget) -> bytes:
    return length_prefixed(target.topic())


def _retained(topic: str, payload: bytes) -> bytes:
    packet = publish_packet(length_prefixed(topic), payload, 1)
    return bytes([packet[0] | 0x01]) + packet[1:]


def _connect(target: AttackTarget, client_id: str, *, clean: bool = True, will: str = "") -> socket.socket:
    """Connect with the attacker's account.

    Raises:
        ConnectionError: the broker refuses.
    """
    flags = 0xC0 | (0x02 if clean else 0) | (0x2C if will else 0)  # a will of QoS 1, retained
    strings = [client_id, *([will, MARK] if will else []), target.device, target.password]
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c" + b"".join(length_prefixed(one) for one in strings)
    connection = socket.create_connection(target.broker, timeout=10 * REPLY_S)
    connection.sendall(b"\x10" + remaining_length(len(body)) + body)
    if connection.recv(4)[3:] != b"\x00":
        connection.close()
        raise ConnectionRefusedError("the broker refuses the connection")
    return connection


def _is_refused(target: AttackTarget, client_id: str) -> bool:
    try:
        _connect(target, client_id).close()
    except ConnectionError:
        return True
    return False


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the broker closes the connection within a second."""
    connection.settimeout(REPLY_S)
    try:
        while connection.recv(READ_BYTES):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def _publish_for(target: AttackTarget, packets: bytes, seconds: float) -> AttackResult:
    """Publish the same packets for some time, and discard the answers."""
    until_s, sent, closed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until_s:
        try:
            with open_connection(target.broker, target.device, target.password, within_s=seconds) as connection:
                while time.monotonic() < until_s:
                    connection.sendall(packets)
                    sent += 1
                    with suppress(BlockingIOError):
                        if not connection.recv(READ_BYTES, socket.MSG_DONTWAIT):
                            raise ConnectionResetError
        except OSError:
            closed += 1
            time.sleep(0.1)
    return AttackResult(sent, closed)


def _publish_fast(target: AttackTarget, packet: bytes, count: int) -> AttackResult:
    """Publish a packet many times without reading the answers, for a few seconds at most."""
    until_s = time.monotonic() + FLOOD_S
    with _connect(target, target.device) as connection:
        connection.settimeout(REPLY_S)
        for number in range(count):
            try:
                connection.sendall(packet)
            except OSError:
                return AttackResult(number + 1, 1)
            if time.monotonic() > until_s:
                return AttackResult(number + 1, 0)
        return AttackResult(count, int(_is_closed(connection)))
