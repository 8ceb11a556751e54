"""Ports of our own: fixed, free, and below the range of outgoing connections."""

import socket
import zlib
from collections.abc import Collection

from local_stack.errors import StackError

FIRST, LAST = 20000, 29999
HOST = "127.0.0.1"


def choose_port(*, seed: str, avoid: Collection[int]) -> int:
    """Return a free port. The same seed starts the search at the same port."""
    start = zlib.crc32(seed.encode()) % (LAST - FIRST + 1)
    for offset in range(LAST - FIRST + 1):
        port = FIRST + (start + offset) % (LAST - FIRST + 1)
        if port not in avoid and _can_bind(port, reuse=False):
            return port
    raise StackError(f"No port from {FIRST} to {LAST} is free.", remedy="Stop some of the servers on this machine.")


def is_still_free(port: int) -> bool:
    """Return whether a port of ours can be used again. Closing connections of our own server do not count."""
    return _can_bind(port, reuse=True)


def require_free(port: int, *, server: str) -> None:
    """Raise a `StackError` if the port is taken, because the other program would answer in the server's place."""
    if not is_still_free(port):
        raise StackError(
            f"{server} cannot start: another program has taken port {port} of {HOST}.",
            remedy="`rencheng stack up` chooses another port by itself; or stop that program.",
        )


def _can_bind(port: int, *, reuse: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if reuse:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
