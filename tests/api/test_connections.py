"""Clients that hold connections without use keep nobody out, and cost little memory and no log."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from benchmarks.load.memory_limit import MemoryLimit
from rencheng.domain.level import Level
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import Address, MakeToken, serving
from tests.support.api_process import ApiProcess, api_process, read_status
from tests.support.polling import eventually
from tests.support.streams import new_name, record_messages, rendered

pytestmark = pytest.mark.long

API_MB = 512
"""`mem_limit` of the API in docker-compose.yml."""


@pytest.fixture(scope="module")
def impatient(database_url: str) -> Iterator[Address]:
    """An API that waits 0.5 s for a request, 1 s for a reader, and has 20 connections."""
    with serving(
        database_url, api_request_within_s=0.5, api_unread_within_s=1, api_connections_max=20, api_streams_per_key=100
    ) as url:
        yield url


def _connect(url: str, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=20)
    connection.sendall(sent)
    return connection


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: a\r\nX-A: "])
def test_a_connection_without_a_whole_request_ends(impatient: str, sent: bytes) -> None:
    with _connect(impatient, sent) as connection:
        began_s = time.monotonic()
        try:
            for _ in range(100):  # parts of a header prolong nothing
                time.sleep(0.05)
                connection.sendall(b"x" if sent else b"")
                connection.setblocking(False)
                try:
                    if connection.recv(1) == b"":
                        break
                except BlockingIOError:
                    connection.setblocking(True)
        except OSError:
            pass
        assert time.monotonic() - began_s < 3


def test_the_second_request_of_a_connection_must_be_whole_too(impatient: str) -> None:
    with _connect(impatient, b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        assert read_status(connection) == 200
        connection.sendall(b"GET /docs HT")
        connection.settimeout(5)
        while connection.recv(65536):
            pass


def test_idle_connections_keep_no_new_one_out(impatient: str) -> None:
    with ExitStack() as held:
        for _ in range(60):
            held.enter_context(_connect(impatient))
        assert httpx.get(f"{impatient}/docs").status_code == 200


def test_a_stream_that_is_not_read_ends(impatient: Address, make_token: MakeToken, city: Engine) -> None:
    warning = new_name()
    record_messages(city, *(rendered(warning, sequence, Level.RED) for sequence in range(1, 200)))
    key = f"X-API-Key: {make_token(KeyScope.WARNINGS_READ)}"
    request = f"GET /v1/stream?after=0 HTTP/1.1\r\nHost: a\r\n{key}\r\n\r\n".encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # or the kernel takes all of it
        connection.connect(("127.0.0.1", int(impatient.rsplit(":", 1)[1])))
        connection.sendall(request)
        hub = impatient.server._hub
        eventually(lambda: len(hub.key_ids), 1)
        eventually(lambda: len(hub.key_ids), 0, within_s=10)


def test_one_key_takes_five_streams_and_a_fifth_is_kept_for_others(database_url: str, make_token: MakeToken) -> None:
    with serving(database_url, api_streams_max=10) as url, ExitStack() as opened:

        def status(token: str) -> int:
            client = opened.enter_context(httpx.Client(base_url=url, headers={"X-API-Key": token}, timeout=20))
            return opened.enter_context(client.stream("GET", "/v1/stream")).status_code

        first, second, *others = (make_token(KeyScope.WARNINGS_READ) for _ in range(5))
        assert [status(first) for _ in range(6)] == [200] * 5 + [429]
        assert [status(second) for _ in range(4)] == [200] * 3 + [503]
        assert [status(token) for token in others] == [200, 200, 503]


@pytest.mark.slow
def test_unread_streams_cost_little_memory(
    database_url: str, city: Engine, make_token: MakeToken, tmp_path: Path
) -> None:
    """190 streams from the beginning, of 38 keys, of which none is read."""
    for _ in range(20):
        warning = new_name()
        record_messages(city, *(rendered(warning, sequence, Level.RED) for sequence in range(1, 30)))
    tokens = [make_token(KeyScope.WARNINGS_READ) for _ in range(38)]
    with (
        api_process(database_url, tmp_path, api_streams_max=250) as api,
        MemoryLimit(api.service.pid, API_MB) as memory,
        ExitStack() as held,
    ):
        for token in tokens * 5:
            line = f"GET /v1/stream?after=0 HTTP/1.1\r\nHost: a\r\nX-API-Key: {token}\r\n\r\n"
            held.enter_context(api.connect(line.encode()))
        time.sleep(3)
        assert api.health_s() < 1
        memory.sample()
    assert memory.kills == 0
    assert memory.peak_mb < 350


@pytest.mark.slow
def test_used_up_file_descriptors_burn_no_processor_and_fill_no_log(database_url: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with api_process(database_url, tmp_path) as api, ExitStack() as held:
        resource.prlimit(api.service.pid, resource.RLIMIT_NOFILE, (300, 300))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(600):
            held.enter_context(socket.socket()).connect_ex(("127.0.0.1", api.port))
        before_s = _cpu_s(api)
        time.sleep(3)
        assert _cpu_s(api) - before_s < 1.5
        assert api.log.stat().st_size < 100_000


def _cpu_s(api: ApiProcess) -> float:
    fields = Path(f"/proc/{api.service.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
