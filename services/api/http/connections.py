"""Bounds of connections: how many, how long one may wait for a request, and how long a response may stay unread.

uvicorn limits none of these. Beyond the limit the connection that has waited longest for a request is closed, so that
idle connections never keep a new one out.
"""

import asyncio
import logging
import resource
import socket
from collections.abc import Mapping
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics.api import CLOSED_CONNECTIONS
from rencheng.runtime.timers import Every

log = get_logger("api")

REQUEST_WITHIN_S = 10.0
"""The time in which the headers of a request must arrive, from the beginning of the connection or the last response."""

UNREAD_WITHIN_S = 60.0
"""How long a client may leave a response or a stream unread while more of it waits."""

DISCARDED_BYTES_MAX = 2**20
"""How much of a refused body is read and dropped, so that its sender can read the refusal."""

SEND_BUFFER_BYTES = 128 * 2**10
"""The most that the kernel keeps of a response for its client. At 50 ms it still allows 2 MB/s."""

BACKLOG = 128
"""Connections that the kernel keeps until they are accepted; they are accepted in groups of this size."""

OTHER_FILES = 64
"""File descriptors for the database, the log and pages."""

_NOISE = ("Invalid HTTP request received", "Unsupported upgrade request")


class ConnectionLimits:
    """The connections of a server, and which of them may be closed for a new one.

    Args:
        connections_max: the most connections.
        request_within_s: see `REQUEST_WITHIN_S`.
        unread_within_s: see `UNREAD_WITHIN_S`.
    """

    def __init__(
        self,
        connections_max: int,
        request_within_s: float = REQUEST_WITHIN_S,
        unread_within_s: float = UNREAD_WITHIN_S,
    ) -> None:
        self.connections_max = connections_max
        self.request_within_s = request_within_s
        self.unread_within_s = unread_within_s
        self.waiting: dict[BoundedConnection, None] = {}
        self.unread: dict[BoundedConnection, None] = {}
        self._log_due = Every(10.0)

    def make_place(self, new: "BoundedConnection") -> None:
        """Close a connection for a new one: one that waits, else one whose client does not read, else the new one."""
        candidates = (*self.waiting, *self.unread, new)
        candidates[0].give_up("limit")
        if self._log_due.take():
            log.warning("connection limit reached", connections_max=self.connections_max)


class BoundedConnection(H11Protocol):
    """A connection with deadlines. `bounded` makes the class for a server's limits."""

    limits: ConnectionLimits

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _discarded_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        # else the kernel takes several MB from a stream that nobody reads, and it seems to be read
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._note_activity()
        if len(self.connections) > self.limits.connections_max:
            self.limits.make_place(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read a part of a request that has arrived, or drop a part of a body that was refused."""
        if self._is_discarding():
            self._discarded_bytes += len(self.conn.trailing_data[0])
            if self._discarded_bytes > DISCARDED_BYTES_MAX:
                self.give_up("refused_body")
                return
        super().handle_events()
        self._note_activity()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._discarded_bytes = 0
        self._note_activity()

    def pause_writing(self) -> None:
        """Start the time in which the client must read."""
        super().pause_writing()
        self.limits.unread[self] = None
        self._unread = self.loop.call_later(self.limits.unread_within_s, self.give_up, "unread")

    def resume_writing(self) -> None:
        """Stop the time in which the client must read."""
        self.limits.unread.pop(self, None)
        if self._unread:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def give_up(self, reason: str) -> None:
        """Close the connection without waiting for the client."""
        CLOSED_CONNECTIONS.labels(reason).inc()
        self._stop_waiting()
        self.transport.abort()

    def _note_activity(self) -> None:
        """Wait for a request unless one is being answered. Parts of a request do not prolong the wait."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        elif self._deadline is None and not self.transport.is_closing():
            self.limits.waiting[self] = None
            self._deadline = self.loop.call_later(self.limits.request_within_s, self.give_up, "no_request")

    def _stop_waiting(self) -> None:
        self.limits.waiting.pop(self, None)
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _is_discarding(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY


def bounded(limits: ConnectionLimits) -> type[BoundedConnection]:
    """Return the class of connections with these limits, for uvicorn."""
    return type("BoundedConnectionOfServer", (BoundedConnection,), {"limits": limits})


def connections_within_files(wanted: int) -> int:
    """Raise the limit of file descriptors as far as possible; return how many connections fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - BACKLOG - OTHER_FILES))


def quieten_logs(loop: asyncio.AbstractEventLoop) -> None:
    """Log once in ten seconds that file descriptors are used up, and no invalid requests, so that no log fills."""
    due = Every(10.0)

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not str(context.get("message", "")).startswith("socket.accept() out of system resource"):
            loop.default_exception_handler(context)
        elif due.take():
            log.error("no file descriptors left", reason=str(context.get("exception")))

    loop.set_exception_handler(handle)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(_NOISE))


def server_options(limits: ConnectionLimits) -> Mapping[str, Any]:
    """Return the options of uvicorn that set these limits."""
    return {"http": bounded(limits), "backlog": BACKLOG, "ws": "none", "timeout_keep_alive": 5}
