"""A client of the live stream, and real warning messages to record."""

import json
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Connection, Engine

from rencheng.cap.render import render
from rencheng.domain.level import Level
from rencheng.domain.outgoing import RenderedWarning
from rencheng.domain.site import Site
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.messages.warning_json import warning_document
from rencheng.store.warnings.record import record
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import compose
from tests.support.api import SITES, beijing
from tests.support.polling import eventually

NOON = beijing("07-20T12:00:00")
PUBLISHER = Publisher(
    sender="rencheng@city.example",
    sender_name_zh="示例市防汛抗旱指挥部",
    sender_name_en="Example City Flood Control",
    web="https://rencheng.city.example",
    contact="0531-00000000",
    restriction="For flood control and emergency dispatch only",
)
SITES_BY_ID = {site.site_id: site for site in SITES}


def new_name() -> str:
    """Return a warning id that no other test uses."""
    return f"w{secrets.token_hex(3)}"


def rendered(
    warning_id: str, sequence: int, level: Level, *, site: Site = SITES[0], kind: MessageType | None = None
) -> RenderedWarning:
    """Return message `sequence` of a warning, as the alert service renders it."""
    earlier = tuple((f"{warning_id}-{n}", NOON + timedelta(minutes=n)) for n in range(1, sequence))
    message = WarningMessage(
        f"{warning_id}-{sequence}",
        warning_id,
        sequence,
        kind or (MessageType.UPDATE if sequence > 1 else MessageType.ALERT),
        site.site_id,
        level,
        Certainty.OBSERVED,
        NOON + timedelta(minutes=sequence),
        site.world,
        Grounds(WarningRule.OBSERVED, "g1", 412.0, 12.5, 400.0, None, 1),
        earlier,
    )
    composed = compose(message, site, PUBLISHER)
    return RenderedWarning(message, warning_document(composed), render(composed), "topic")


def record_messages(engine: Engine, *messages: RenderedWarning) -> None:
    """Record messages in one transaction, as the alert service does."""
    with engine.begin() as connection:
        record_on(connection, *messages)


def record_on(connection: Connection, *messages: RenderedWarning) -> None:
    for message in messages:
        record(connection, message, delivered=False)


@dataclass
class Stream:
    """What a client has received so far, parsed by the rules of Server-Sent Events."""

    received: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    last_id: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [document["identifier"] for _, document in list(self.received)]

    def parse_line(self, line: str) -> None:
        if not line:
            self._dispatch()
        elif line.startswith(":"):
            self.comments.append(line[2:])
        else:
            name, _, value = line.partition(": ")
            self.fields[name] = value

    def _dispatch(self) -> None:
        self.last_id = self.fields.get("id", self.last_id)
        if "data" in self.fields:
            assert self.fields["event"] == "warning"
            self.received.append((int(self.last_id), json.loads(self.fields["data"])))
        self.fields = {}

    def receives(self, *names: str, within_s: float = 20) -> None:
        """Wait until exactly these messages have arrived, in this order."""
        eventually(lambda: self.names, list(names), within_s=within_s)

    def waits_for_heartbeats(self, count: int = 3) -> None:
        """Wait until the stream has sent so many more heartbeats, and polled between them."""
        before = len(self.comments)
        eventually(lambda: len(self.comments) >= before + count)

    def receives_comment(self, comment: str, within_s: float = 20) -> None:
        """Wait until a comment with this text has arrived."""
        eventually(lambda: any(comment in each for each in self.comments), within_s=within_s)


@contextmanager
def streaming(url: str, token: str, *, last_id: str | None = None, **asked: Any) -> Iterator[Stream]:
    """Run a client in a thread; cut its connection at the end."""
    stream, headers = Stream(), {"Authorization": f"Bearer {token}"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        request = client.build_request("GET", "/v1/stream", params=asked)
        answer = client.send(request, stream=True)
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=_read, args=(answer, stream))
        thread.start()
        eventually(lambda: stream.last_id != "")
        yield stream
        _cut(answer)
        thread.join(10)
        answer.close()


def _read(answer: httpx.Response, stream: Stream) -> None:
    try:
        for line in answer.iter_lines():
            stream.parse_line(line)
    except httpx.TransportError:
        pass
    finally:
        stream.ended.set()


def _cut(answer: httpx.Response) -> None:
    """Cut the connection without closing it, in the middle of whatever is being read."""
    with suppress(OSError):  # the connection has ended already
        answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
