"""The live stream: every message of every warning as it is committed (Server-Sent Events)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.level import Level
from rencheng.store.warnings.stream import StreamEvent
from services.api.auth.authenticator import key_of
from services.api.deps import BySite, ByWorld, LevelMin
from services.api.http.errors import InvalidParameter, described
from services.api.streaming.hub import StreamHub, StreamMessage, Subscription

router = APIRouter(tags=["warnings"])

HEARTBEAT_S = 15.0
"""A stream is never silent for longer, so that proxies leave it open and clients notice a dead line."""

TICK_S = 2.0
"""How often a stream looks up without being woken."""

COME_BACK_MS = 2000
"""How long a client that lost us waits before it comes back."""

ID_MAX = 2**63 - 1


class EventStream(StreamingResponse):
    """Server-Sent Events."""

    media_type = "text/event-stream"


@dataclass(frozen=True, slots=True)
class StreamFilter:
    """What a client wants to hear; None leaves a question open."""

    site_id: str | None = None
    world: str | None = None
    level_min: Level | None = None

    def __contains__(self, told: StreamEvent) -> bool:
        """A warning that reached the level is followed to its end, also when it steps down below it."""
        return (
            self.site_id in {None, told.site_id}
            and self.world in {None, told.world}
            and (self.level_min is None or told.peak_level >= self.level_min)
        )


async def _live(request: Request) -> StreamHub:
    live: StreamHub = request.app.state.live
    return live


async def _subscription(request: Request, live: Annotated[StreamHub, Depends(_live)]) -> AsyncIterator[Subscription]:
    """A place, for as long as the request lasts."""
    with live.subscribe(key_of(request)) as seat:
        yield seat


_ID = Query(ge=0, le=ID_MAX, description="For tools that cannot send `Last-Event-ID`: begin after this id.")
_LAST = Header(alias="Last-Event-ID", ge=0, le=ID_MAX, description="The last `id` seen: everything after it follows.")
_RESPONSES: dict[int | str, dict[str, Any]] = described(HTTPStatus.SERVICE_UNAVAILABLE) | {
    200: {
        "description": "Events of type `warning`: `id`, and the message's JSON document as `data`.",
        "content": {"text/event-stream": {"example": 'id: 42\nevent: warning\ndata: {"msg_type":"Alert"}\n\n'}},
    }
}


@router.get(
    "/stream",
    summary="Live warnings 实时预警流",
    operation_id="stream_warnings",
    response_class=EventStream,
    responses=_RESPONSES,
)
async def stream_warnings(
    live: Annotated[StreamHub, Depends(_live)],
    seat: Annotated[Subscription, Depends(_subscription)],
    *,
    site_id: BySite = None,
    world: ByWorld = None,
    level_min: LevelMin = None,
    after: Annotated[int | None, _ID] = None,
    last_event_id: Annotated[int | None, _LAST] = None,
) -> EventStream:
    """Server-Sent Events. With `Last-Event-ID` nothing is left out and nothing told twice; without, it begins now.

    A warning that has once reached `level_min` is told to its end. Every fifteen seconds at least there is a comment.
    An event without `data` only carries the id to come back with. The stream ends when its key is revoked or expires.
    """
    wanted = StreamFilter(site_id, world, Level.parse(level_min) if level_min else None)
    position = last_event_id if last_event_id is not None else after
    if position is None:
        position = await live.now()
    elif position > await live.newest_drawn():
        raise InvalidParameter(f"Nothing was said under the id {position} yet: it is from elsewhere. Begin without it.")
    return EventStream(stream_events(live, seat, wanted, position), headers={"X-Accel-Buffering": "no"})


async def stream_events(
    live: StreamHub, seat: Subscription, wanted: StreamFilter, position: int
) -> AsyncIterator[bytes]:
    """What goes over the line: first where we are, so that a client that is cut off at once can come back there."""
    yield f"retry: {COME_BACK_MS}\n".encode() + _mark(position)
    marked, said_at, was_away = position, time.monotonic(), False
    while not (why := seat.ended):
        changed = live.changed  # taken before looking, so that no word is lost between
        messages, position, is_away = await _next(live, position)
        heard = [message for message in messages if message.told in wanted]
        parts = [message.text for message in heard]
        if heard:
            marked = heard[-1].told.event_id
        if is_away != was_away:
            was_away = is_away
            parts.append(_comment("the database is away; what is said meanwhile follows" if is_away else "it is back"))
        if not parts and time.monotonic() - said_at >= HEARTBEAT_S:
            parts.append(_comment("still here"))
            if marked != position:  # what was not wanted need not be looked through again
                marked = position
                parts.append(_mark(position))
        if parts:
            said_at = time.monotonic()
            yield b"".join(parts)
        if is_away or position >= (live.high_water_mark or 0):
            await _changed_or_tick(changed)
    yield _comment(why)


async def _next(live: StreamHub, position: int) -> tuple[list[StreamMessage], int, bool]:
    """Messages, the position after them, and whether the database is away."""
    try:
        messages, position = await live.after(position)
    except StoreUnavailable:
        return [], position, True
    return list(messages), position, live.is_away


async def _changed_or_tick(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(TICK_S):
            await changed.wait()
    except TimeoutError:
        pass


def _mark(position: int) -> bytes:
    """An event without data is not dispatched; its id is remembered all the same."""
    return f"id: {position}\n\n".encode()


def _comment(text: str) -> bytes:
    return f": {text}\n\n".encode()
