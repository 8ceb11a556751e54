"""Receivers of webhooks in one event loop: by path they answer, fail at random, or hang."""

import asyncio
import json
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

FAULTS = ("hang", "error", "cut")
HANG_S = 30.0


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """A message that was answered with 200."""

    message_id: str
    site: str
    sequence: int
    at_s: float


@dataclass
class Receivers:
    """All receivers on one port.

    Attributes:
        failing: the paths that fail.
        until_s: until when they fail, monotonic.
        arrivals: by path, in order.
    """

    failing: frozenset[str] = frozenset()
    until_s: float = 0.0
    arrivals: dict[str, list[ReceivedDelivery]] = field(default_factory=lambda: defaultdict(list))
    port: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._random = random.Random(1)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:]}
        body = await reader.readexactly(int(fields["content-length"]))
        fault = ""
        if path in self.failing and time.monotonic() < self.until_s:
            fault = self._random.choice(FAULTS)
        if fault == "hang":
            await asyncio.sleep(HANG_S)
        if fault in {"hang", "cut"}:
            return False
        if fault == "error":
            writer.write(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")
            return True
        data = json.loads(body)["data"]
        self.arrivals[path].append(
            ReceivedDelivery(fields["webhook-id"], data["warning_id"], data["sequence"], time.monotonic())
        )
        writer.write(b"HTTP/1.1 204 Stored\r\n\r\n")
        return True
