"""Attacks without any account or key."""

import random
import secrets
import socket
import time
from contextlib import ExitStack, suppress

from benchmarks.adversary.attack import AttackResult, AttackTarget
from rencheng.messaging.mqtt.packets import connect_packet

REPLY_S = 5.0
HOLD_S = 3.0
LARGE_BYTES = 200_000_000
PIECE = 1_000_000
CONNECTIONS = 200
REQUESTS = 200
GARBAGE, GARBAGE_REPLY_S = 50, 0.1
ACCEPTED = b"\x20\x02\x00\x00"


def post_large_body(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Post 200 MB of nested JSON to a route that needs a key."""
    path = dice.choice(("/v1/silences", "/v1/weather/signals", "/v1/devices/import", "/v1/maintenance"))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {LARGE_BYTES}\r\n\r\n"
    return _post(target, head, LARGE_BYTES)


def post_endless_chunks(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Post a body without a length that does not end."""
    head = (
        "POST /v1/silences HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return _post(target, head, LARGE_BYTES, chunked=True)


def hold_idle_connections(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Open connections to the API that send nothing, half a request, or a header that does not end."""
    starts = (b"", b"GET /v1/sites HTTP/1.1\r\nHo", b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000)
    refused = 0
    with ExitStack() as opened:
        for number in range(CONNECTIONS):
            try:
                connection = opened.enter_context(socket.create_connection(target.api, timeout=REPLY_S))
                connection.sendall(starts[number % len(starts)])
            except OSError:
                refused += 1
        time.sleep(HOLD_S)
    return AttackResult(CONNECTIONS, refused)


def guess_keys(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Ask with wrong keys as fast as possible."""
    routes = ("/v1/sites", "/v1/warnings", "/v1/audit", "/v1/quarantine")
    statuses = [
        _status(target, f"GET {dice.choice(routes)} HTTP/1.1", f"Authorization: Bearer rck_{secrets.token_hex(8)}_x")
        for _ in range(REQUESTS)
    ]
    granted = [status for status in statuses if status == 200]  # noqa: PLR2004 - HTTP
    return AttackResult(REQUESTS, REQUESTS - len(granted), "a wrong key is accepted" if granted else "")


def ask_odd_things(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Send requests that no browser sends: NUL, foreign hosts, long paths, unknown methods."""
    lines = [
        "GET /v1/devices/ HTTP/1.1",
        "GET /v1/quarantine?device_id=%00 HTTP/1.1",
        f"GET /{'a' * 20_000} HTTP/1.1",
        "FLOOD /v1/sites HTTP/1.1",
        "GET /../../etc/passwd HTTP/1.1",
        "GET /v1/stream?after=999999999999999999999 HTTP/1.1",
        "POST /health HTTP/1.1",
        f"GET /v1/sites?region={'%F0%9F%98%80' * dice.randrange(1, 50)} HTTP/1.1",
    ]
    statuses = [_status(target, line, "X-Odd: 1", host="evil.example") for line in lines]
    failed = [line for line, status in zip(lines, statuses, strict=True) if status >= 500]  # noqa: PLR2004 - HTTP
    granted = [line for line, status in zip(lines, statuses, strict=True) if status == 200]  # noqa: PLR2004 - HTTP
    breach = f"5xx: {failed[0][:60]}" if failed else f"answered without a key: {granted[0][:60]}" if granted else ""
    return AttackResult(len(lines), len(lines) - len(granted), breach)


def log_in_at_the_broker(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Connect to the broker as a service, as a device and as nobody, with wrong passwords."""
    accounts = [("rencheng-ingest", "x"), ("rencheng-operator", ""), (target.device, "x"), ("", ""), ("admin", "admin")]
    refused = 0
    for user, password in accounts * 5:
        try:
            with socket.create_connection(target.broker, timeout=REPLY_S) as connection:
                connection.sendall(connect_packet(f"n{dice.randrange(10**6)}", user, password))
                refused += connection.recv(4) != ACCEPTED
        except OSError:
            refused += 1
    tried = 5 * len(accounts)
    return AttackResult(tried, refused, "" if refused == tried else "the broker accepts a wrong password")


def send_garbage_to_the_broker(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Send bytes that are no MQTT, and packets before a CONNECT, and do not wait for an answer."""
    accepted = 0
    for _ in range(GARBAGE):
        with suppress(OSError), socket.create_connection(target.broker, timeout=GARBAGE_REPLY_S) as connection:
            connection.sendall(
                dice.choice((dice.randbytes(200), b"\x32\x05\x00\x01a\x00\x01", b"\x10\xff\xff\xff\xff"))
            )
            accepted += connection.recv(4) == ACCEPTED
    return AttackResult(GARBAGE, GARBAGE - accepted)


ATTACKS = (
    post_large_body,
    post_endless_chunks,
    hold_idle_connections,
    guess_keys,
    ask_odd_things,
    log_in_at_the_broker,
    send_garbage_to_the_broker,
)


def _post(target: AttackTarget, head: str, size: int, *, chunked: bool = False) -> AttackResult:
    """Send a body until it is whole, or the API answers or closes the connection."""
    piece = b"[" * PIECE
    if chunked:
        piece = f"{PIECE:x}\r\n".encode() + piece + b"\r\n"
    with socket.create_connection(target.api, timeout=REPLY_S) as connection:
        connection.sendall(head.encode())
        for _ in range(size // PIECE):
            try:
                connection.sendall(piece)
            except OSError:
                return AttackResult(1, 1)
        status = _read_status(connection)
    return AttackResult(1, int(status != 200), "a large body is accepted without a key" if status < 300 else "")  # noqa: PLR2004 - HTTP


def _status(target: AttackTarget, line: str, header: str, *, host: str = "x") -> int:
    """Send one request. Return the status, 499 if the API closed the connection instead."""
    try:
        with socket.create_connection(target.api, timeout=REPLY_S) as connection:
            connection.sendall(f"{line}\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n\r\n".encode())
            return _read_status(connection)
    except OSError:
        return 499


def _read_status(connection: socket.socket) -> int:
    words = connection.recv(4096).split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 499
