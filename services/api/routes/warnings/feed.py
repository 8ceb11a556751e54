"""The Atom feed of CAP messages, for clients that poll."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from rencheng.cap import atom
from rencheng.cap.atom import ATOM_MEDIA_TYPE, FeedAddress, Language
from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.store.core.sessions import Row
from rencheng.store.warnings import feed
from services.api.auth.guard import Caller
from services.api.deps import ByRegion, ByWorld, Db, LevelMin
from services.api.http.models import paginate

router = APIRouter(tags=["warnings"])

ENTRIES = 30
"""The most entries in a page. An entry has about 3 kB, so a page about 100 kB."""

PAGES = 1000
"""The most pages."""

_TICK = timedelta(seconds=2)
"""The age below which a change has no Last-Modified, because HTTP dates have whole seconds and hide a second change."""


class AtomFeed(Response):
    """An Atom document."""

    media_type = ATOM_MEDIA_TYPE


FEED_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Atom",
        "content": {ATOM_MEDIA_TYPE: {"example": '<feed xmlns="http://www.w3.org/2005/Atom"/>'}},
    },
    304: {"description": "Nothing has changed since `If-None-Match` or `If-Modified-Since`"},
}


@router.get(
    "/feed.atom",
    summary="Get CAP messages as Atom CAP消息订阅",
    operation_id="get_feed",
    response_class=AtomFeed,
    responses=FEED_RESPONSES,
)
def get_feed(
    request: Request,
    database: Db,
    caller: Caller,
    *,
    region: ByRegion = None,
    world: ByWorld,
    level_min: LevelMin = None,
    lang: Annotated[Language, Query(description="The language of titles and summaries.")] = "zh",
    page: Annotated[int, Query(ge=1, le=PAGES, description="The page number. Follow the link with rel=next.")] = 1,
) -> Response:
    """Return the newest message of each warning in force, highest level first, then all messages of the last 3 days.

    A page has 30 entries, about 100 kB; each links to its CAP document. Feed readers send the key as the password of
    HTTP Basic. A request with `If-None-Match` transfers the feed only if it has changed.
    """
    asked = "all" if world is None else None if world == ACTUAL else world
    parameters = {"region": region, "world": asked, "level_min": level_min, "lang": None if lang == "zh" else lang}
    least = Level.parse(level_min) if level_min else None
    with database.read() as connection:
        rows = feed.messages(
            connection,
            world=world,
            region=region,
            reach=caller.reach,
            level_min=least,
            limit=ENTRIES + 1,
            offset=(page - 1) * ENTRIES,
        )
    shown, more = paginate(rows, ENTRIES, lambda _row: "more")
    address = FeedAddress(
        request.app.state.public_url,
        _path(parameters, page),
        _path(parameters, page + 1) if more and page < PAGES else None,
    )
    entries = [dict(row) | _paths(row) for row in shown]
    return feed_response(request, atom.render_feed(entries, address, lang).encode(), atom.last_updated(shown))


def _paths(row: Row) -> dict[str, str]:
    """Return the paths of a message's document and of its warning's page."""
    warning = quote(row["warning_id"], safe="")
    return {"cap": f"/v1/warnings/{warning}/events/{row['sequence']}/cap", "page": f"/warnings/{warning}"}


def _path(parameters: Mapping[str, str | None], page: int) -> str:
    given = {name: value for name, value in parameters.items() if value} | ({"page": str(page)} if page > 1 else {})
    return "/v1/feed.atom" + (f"?{urlencode(given)}" if given else "")


def feed_response(request: Request, body: bytes, changed_at: datetime) -> Response:
    """Return the body, or 304 if the client has it already (RFC 9110, section 13)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    # clients revalidate each time; an unchanged feed costs only a 304
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
    if datetime.now(UTC) - changed_at > _TICK:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    tags = request.headers.get("if-none-match")
    if tags is not None:
        is_known = tags.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in tags.split(",")}
    else:
        is_known = "Last-Modified" in headers and _is_since(request.headers.get("if-modified-since"), changed_at)
    if is_known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return AtomFeed(body, headers=headers)


def _is_since(date: str | None, changed_at: datetime) -> bool:
    if date is None:
        return False
    try:
        known = parsedate_to_datetime(date)
    except ValueError:
        return False
    if known.tzinfo is None:
        return False
    return changed_at.replace(microsecond=0) <= known
