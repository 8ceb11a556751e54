"""Serve the metrics of a process to Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def serve_metrics(port: int | None) -> Iterator[None]:
    """Serve metrics on a port of the loopback address while the block runs; serve none if the port is None."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, addr="127.0.0.1")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
