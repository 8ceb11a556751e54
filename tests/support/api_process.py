"""The API as a process of its own, and clients that do not behave."""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local_stack.ports import choose_port
from rencheng.runtime.service_process import ServiceProcess


class ApiProcess:
    """A running API."""

    def __init__(self, service: ServiceProcess, port: int, log: Path) -> None:
        self.service = service
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}"

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Open a connection and send the beginning of a request."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection

    def health_s(self) -> float:
        """Return how long the health takes to answer, seconds."""
        began_s = time.monotonic()
        assert httpx.get(f"{self.url}/health", timeout=20).status_code in {200, 503}
        return time.monotonic() - began_s


@contextmanager
def api_process(database_url: str, folder: Path, **settings: object) -> Iterator[ApiProcess]:
    """Run the API until the block ends. The settings are named as in `ApiSettings`."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    environment = {f"RENCHENG_{name.upper()}": str(value) for name, value in settings.items()}
    environment |= {"RENCHENG_DATABASE_URL": database_url, "RENCHENG_API_PORT": str(port)}
    service = ServiceProcess("services.api", folder / "api.log", os.environ | environment)
    service.start(until='"event": "ready"')
    api = ApiProcess(service, port, folder / "api.log")
    try:
        while True:
            try:
                api.health_s()
                break
            except httpx.TransportError:
                time.sleep(0.02)
        yield api
    finally:
        service.kill()


def read_status(connection: socket.socket) -> int | None:
    """Return the status of the next response; None if the connection ends before it."""
    try:
        words = connection.recv(4096).split(b" ", 2)
    except ConnectionResetError:
        return None
    return int(words[1]) if len(words) > 1 else None
