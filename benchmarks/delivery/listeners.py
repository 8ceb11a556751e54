"""Subscribers by MQTT and on the live stream."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import httpx

from benchmarks.delivery.arrivals import Arrivals
from benchmarks.delivery.city import Member
from benchmarks.delivery.receiver import end_loop
from rencheng.messaging.mqtt.session import Session

BATCH_MAX = 1000
READY_WITHIN_S = 60.0
CUT_AFTER_S = (1.0, 10.0)
"""A stream that fails is cut after a time within these bounds."""

AGAIN_S = 2.0
"""The wait before a stream is opened again. Source: the `retry` that the API sends."""


@contextmanager
def mqtt_listener(host: str, port: int, account: tuple[str, str], arrivals: Arrivals) -> Iterator[None]:
    """Receive all dispatches by MQTT while the block runs."""
    done = threading.Event()

    def receive(session: Session) -> None:
        while not done.is_set():
            taken = session.take(BATCH_MAX, 0.1)
            for each in taken:
                document = json.loads(each.message.payload)
                name = each.message.topic.rpartition("/")[2]
                arrivals.add(name, document["id"], document["data"], time.monotonic())
            session.ack([each.handle for each in taken])

    with Session(
        (host, port), client_id=account[0], account=account, subscriptions=["rencheng/v1/dispatch/+"], persistent=False
    ) as session:
        thread = threading.Thread(target=receive, args=(session,))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class StreamListeners:
    """Clients of the live stream in one event loop. Those that fail are cut at random.

    Args:
        url: of the API.
        members: those on the live stream.
        arrivals: takes what they get.

    Attributes:
        until_s: until when they fail, monotonic.
        cuts: how often one was cut.
    """

    def __init__(self, url: str, members: Sequence[Member], arrivals: Arrivals) -> None:
        self.until_s = float("inf")
        self.cuts = 0
        self._url = url
        self._members = members
        self._arrivals = arrivals
        self._positions: dict[str, str] = {}
        self._random = random.Random(1)
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def running(self) -> Iterator["StreamListeners"]:
        """Listen while the block runs; it begins when all are connected."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        for member in self._members:
            asyncio.run_coroutine_threadsafe(self._listen(member), self._loop)
        until_s = time.monotonic() + READY_WITHIN_S
        while len(self._positions) < len(self._members):
            if time.monotonic() > until_s:
                raise TimeoutError("not all live streams opened")
            time.sleep(0.05)
        try:
            yield self
        finally:
            end_loop(self._loop, thread)

    async def _listen(self, member: Member) -> None:
        while True:
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(self._cut_after_s(member)):
                    await self._follow(member)
            self.cuts += 1
            await asyncio.sleep(AGAIN_S)

    def _cut_after_s(self, member: Member) -> float | None:
        return self._random.uniform(*CUT_AFTER_S) if member.fails and time.monotonic() < self.until_s else None

    async def _follow(self, member: Member) -> None:
        headers = {"Authorization": f"Bearer {member.token}"}
        if position := self._positions.get(member.name):
            headers["Last-Event-ID"] = position
        fields: dict[str, str] = {}
        async with (
            httpx.AsyncClient(base_url=self._url, timeout=httpx.Timeout(10, read=60)) as client,
            client.stream("GET", "/v1/stream", headers=headers) as answer,
        ):
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                self._take(member.name, fields)
                fields = {}

    def _take(self, name: str, fields: Mapping[str, str]) -> None:
        self._positions[name] = fields.get("id", self._positions.get(name, ""))
        if "data" in fields:
            document = json.loads(fields["data"])
            self._arrivals.add(name, document["identifier"], document, time.monotonic())
