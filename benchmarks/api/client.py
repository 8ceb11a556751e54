"""A client that costs little beside the server that it measures."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """What a run of requests took.

    Attributes:
        took_s: seconds of each request, ascending.
        whole_s: seconds of all of them.
        body_bytes: size of the last answer.
    """

    took_s: Sequence[float]
    whole_s: float
    body_bytes: int

    def quantile_ms(self, part: float) -> float:
        """Return a quantile of the seconds of a request, in milliseconds."""
        return 1e3 * self.took_s[min(len(self.took_s) - 1, int(part * len(self.took_s)))]

    @property
    def per_s(self) -> float:
        """The requests in a second."""
        return len(self.took_s) / self.whole_s


async def ask(port: int, token: str, paths: Sequence[str], *, clients: int = 1) -> AnswerTimes:
    """Ask for paths, with so many clients at once, each on a connection of its own."""
    waiting = list(reversed(paths))
    took: list[float] = []
    size = 0

    async def one_client() -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**26)
        while waiting:
            path = waiting.pop()
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            size = await _read(reader, path)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_client() for _ in range(clients)))
    return AnswerTimes(sorted(took), time.perf_counter() - began, size)


async def _read(reader: asyncio.StreamReader, path: str) -> int:
    """Read one answer; return the size of its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"{path}: {head.decode()}")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    if b"content-length" in fields:
        size = int(fields[b"content-length"])
        await reader.readexactly(size)
        return size
    total = 0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readexactly(2)
    return total
