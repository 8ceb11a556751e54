"""The Prometheus metrics of the API, on a port of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def serve_metrics(port: int | None) -> Iterator[None]:
    """Serve the metrics on 127.0.0.1 for the length of the block; without a port, do nothing."""
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
