"""Serve the metrics of a process to Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def serve_metrics(port: int | None, host: str = "127.0.0.1") -> Iterator[None]:
    """Serve metrics on a port of an address while the block runs; serve none if the port is None."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, addr=host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
