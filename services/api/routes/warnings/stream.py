"""The live stream: every message of every warning as it is committed (Server-Sent Events)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.domain.region import code_includes
from rencheng.runtime.timers import Every
from rencheng.store.warnings.stream import StreamEvent
from services.api.auth.guard import Caller
from services.api.auth.principal import principal_of
from services.api.deps import ByRegion, BySite, ByWorld, LevelMin
from services.api.http.errors import InvalidParameter, problem_responses
from services.api.streaming.hub import StreamHub, StreamMessage, Subscription

router = APIRouter(tags=["warnings"])

RECONNECT_MS = 2000
"""How long a client waits before it reconnects, milliseconds."""

ID_MAX = 2**63 - 1
"""The largest id: PostgreSQL's bigint."""


class EventStream(StreamingResponse):
    """Server-Sent Events."""

    media_type = "text/event-stream"


@dataclass(frozen=True, slots=True)
class StreamFilter:
    """The messages that a client asked for; None stands for all."""

    site_id: str | None = None
    world: str | None = None
    level_min: Level | None = None
    region: str | None = None
    reach: Reach = EVERYWHERE

    def matches(self, event: StreamEvent) -> bool:
        """Return whether the client gets the message. A warning that reached the level once is followed to its end."""
        return (
            self.site_id in {None, event.site_id}
            and self.world in {None, event.world}
            and (self.region is None or code_includes(self.region, event.region))
            and self.reach.includes(event.region, event.world)
            and (self.level_min is None or event.peak_level >= self.level_min)
        )


async def _hub(request: Request) -> StreamHub:
    hub: StreamHub = request.app.state.hub
    return hub


async def _subscription(request: Request, hub: Annotated[StreamHub, Depends(_hub)]) -> AsyncIterator[Subscription]:
    """Hold a subscription for as long as the request lasts."""
    with hub.subscribe(principal_of(request)) as subscription:
        yield subscription


_ID = Query(ge=0, le=ID_MAX, description="Start after this id; for clients that cannot send `Last-Event-ID`.")
_LAST = Header(alias="Last-Event-ID", ge=0, le=ID_MAX, description="Start after this id, the last one received.")
_RESPONSES: dict[int | str, dict[str, Any]] = problem_responses(HTTPStatus.SERVICE_UNAVAILABLE) | {
    200: {
        "description": "Events of type `warning`, with the message's JSON document as `data`.",
        "content": {"text/event-stream": {"example": 'id: 42\nevent: warning\ndata: {"msg_type":"Alert"}\n\n'}},
    }
}


@router.get(
    "/stream",
    summary="Stream warnings live 实时预警流",
    operation_id="stream_warnings",
    response_class=EventStream,
    responses=_RESPONSES,
)
async def stream_warnings(
    hub: Annotated[StreamHub, Depends(_hub)],
    subscription: Annotated[Subscription, Depends(_subscription)],
    caller: Caller,
    *,
    site_id: BySite = None,
    region: ByRegion = None,
    world: ByWorld,
    level_min: LevelMin = None,
    after: Annotated[int | None, _ID] = None,
    last_event_id: Annotated[int | None, _LAST] = None,
) -> EventStream:
    """Send each message once and in order (Server-Sent Events).

    With `Last-Event-ID` the stream continues after that id; without, it starts now. A warning that has reached
    `level_min` once is followed to its end. At least every 15 seconds the stream sends a comment. An event without
    `data` only carries the id to reconnect with. The stream ends when its key is revoked or expires.
    """
    wanted = StreamFilter(site_id, world, Level.parse(level_min) if level_min else None, region, caller.reach)
    position = last_event_id if last_event_id is not None else after
    if position is None:
        position = await hub.newest_settled()
    elif position > await hub.newest_drawn():
        raise InvalidParameter(f"This platform has issued no message with the id {position} yet. Reconnect without it.")
    return EventStream(stream_events(hub, subscription, wanted, position), headers={"X-Accel-Buffering": "no"})


async def stream_events(
    hub: StreamHub, subscription: Subscription, wanted: StreamFilter, position: int
) -> AsyncIterator[bytes]:
    """Yield the stream. It starts with its position, so that a client that is cut off at once can continue there."""
    yield f"retry: {RECONNECT_MS}\n".encode() + _id_only(position)
    sent_position, was_away = position, False
    heartbeat = Every(hub.options.heartbeat_s, hub.clock, at_once=False)
    while not (end_reason := subscription.end_reason):
        version = hub.wake_up.version  # noted before reading, so that no wake-up is lost in between
        messages, position, is_away = await _read(hub, position)
        matching = [message for message in messages if wanted.matches(message.event)]
        parts = [message.text for message in matching]
        if matching:
            sent_position = matching[-1].event.event_id
        if is_away != was_away:
            was_away = is_away
            parts.append(_comment("database away; messages follow when it is back" if is_away else "database back"))
        if not parts and heartbeat.is_due():
            parts.append(_comment("heartbeat"))
            if sent_position != position:  # after a reconnect the filtered messages need not be read again
                sent_position = position
                parts.append(_id_only(position))
        del messages, matching  # an unread stream waits below, and must hold little
        if parts:
            heartbeat.restart()
        for part in parts:  # one by one, so that little is written before the client reads
            yield part
        if is_away or position >= (hub.high_water_mark or 0):
            await hub.wake_up.wait_for_change(version, hub.options.tick_s)
    yield _comment(end_reason)


async def _read(hub: StreamHub, position: int) -> tuple[list[StreamMessage], int, bool]:
    """Return the next messages, the position after them, and whether the database is away."""
    try:
        messages, position = await hub.read_after(position)
    except StoreUnavailable:
        return [], position, True
    return list(messages), position, hub.is_away


def _id_only(position: int) -> bytes:
    """Return an event without data. Clients do not dispatch it, but remember its id."""
    return f"id: {position}\n\n".encode()


def _comment(text: str) -> bytes:
    return f": {text}\n\n".encode()
