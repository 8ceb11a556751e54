"""Receivers of webhooks in one event loop: by path they answer, fail at random, or hang."""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from benchmarks.delivery.arrivals import Arrivals

FAULTS = ("hang", "error", "cut", "lost")
"""No answer; an error; the connection is cut; the message is taken, and the connection cut before the answer."""

HANG_S = 30.0
SETTLES_S = 0.1
"""How long closed connections may take to end."""
FAULTY = 0.8
"""The part of the requests that a failing receiver does not answer in order."""


def end_loop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """Cancel all tasks of a loop that runs in a thread, and end both."""

    async def cancel_all() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(cancel_all(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@dataclass
class Receivers:
    """All receivers on one port.

    Attributes:
        arrivals: takes what arrives, by path.
        failing: the paths that fail at random.
        hanging: the paths that never answer.
        until_s: until when they fail or hang, monotonic.
        faults: how many requests were not answered in order.
    """

    arrivals: Arrivals
    failing: frozenset[str] = frozenset()
    hanging: frozenset[str] = frozenset()
    until_s: float = field(default=float("inf"))
    faults: int = 0
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
        end_loop(self._loop, self._thread)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(SETTLES_S))

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
        path = head[0].split(" ")[1].strip("/")
        fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:]}
        body = await reader.readexactly(int(fields["content-length"]))
        fault = self._fault(path)
        self.faults += bool(fault)
        if fault == "hang":
            await asyncio.sleep(HANG_S)
        if fault in {"hang", "cut"}:
            return False
        if fault == "error":
            writer.write(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")
            return True
        self.arrivals.add(path, fields["webhook-id"], json.loads(body)["data"], time.monotonic())
        if fault == "lost":
            return False
        writer.write(b"HTTP/1.1 204 Stored\r\n\r\n")
        return True

    def _fault(self, path: str) -> str:
        if time.monotonic() >= self.until_s:
            return ""
        if path in self.hanging:
            return "hang"
        return self._random.choice(FAULTS) if path in self.failing and self._random.random() < FAULTY else ""
