"""A client of a killed API reconnects to the next one and receives every message once."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from local_stack.ports import choose_port
from rencheng.domain.level import Level
from tests.support.api import await_health
from tests.support.streams import new_name, record_messages, rendered, streaming


@contextmanager
def process(database_url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The API in a process of its own, killed at the end."""
    settings = {"RENCHENG_DATABASE_URL": database_url, "RENCHENG_API_PORT": str(port)}
    running = subprocess.Popen([sys.executable, "-m", "services.api"], env=os.environ | settings)
    try:
        await_health(port)
        yield running
    finally:
        running.kill()
        running.wait()


def test_a_client_of_a_killed_api_receives_the_rest_once_from_the_next(
    city: Engine, database_url: str, token: str
) -> None:
    port, name = choose_port(seed=secrets.token_hex(4), avoid=()), new_name()
    address = f"http://127.0.0.1:{port}"
    with process(database_url, port) as first, streaming(address, token) as stream:
        record_messages(city, rendered(name, 1, Level.BLUE))
        stream.receives(f"{name}-1")
        first.kill()
        assert stream.ended.wait(10)
    record_messages(city, rendered(name, 2, Level.YELLOW), rendered(name, 3, Level.RED))

    with process(database_url, port), streaming(address, token, last_id=stream.last_id) as again:
        again.receives(f"{name}-2", f"{name}-3")
