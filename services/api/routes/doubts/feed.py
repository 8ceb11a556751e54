"""The Atom feed of doubts, for clients that poll. The feed of warnings has none of them."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from rencheng.cap import atom
from rencheng.cap.atom import DOUBT_TITLES, FeedAddress, Language
from rencheng.domain.device import ACTUAL
from rencheng.store.warnings import doubts
from services.api.auth.guard import Caller
from services.api.deps import ByRegion, ByWorld, Db
from services.api.routes.warnings.feed import FEED_RESPONSES, AtomFeed, feed_response

router = APIRouter(prefix="/doubts", tags=["doubts"])

FEED = "/v1/doubts/feed.atom"

ENTRIES = 100
"""The most entries. An entry has about 3 kB."""


@router.get(
    "/feed.atom",
    summary="Get doubts as Atom 待核实读数订阅",
    operation_id="get_doubt_feed",
    response_class=AtomFeed,
    responses=FEED_RESPONSES,
)
def get_doubt_feed(
    request: Request,
    database: Db,
    caller: Caller,
    *,
    region: ByRegion = None,
    world: ByWorld,
    lang: Annotated[Language, Query(description="The language of titles and summaries.")] = "zh",
) -> Response:
    """Return the newest message of each doubt in force, highest level first, then of those settled in 3 days."""
    asked = "all" if world is None else None if world == ACTUAL else world
    given = {"region": region, "world": asked, "lang": None if lang == "zh" else lang}
    query = urlencode({name: value for name, value in given.items() if value})
    with database.read() as connection:
        rows = doubts.list_doubts(
            connection, world=world, region=region, is_settled_wanted=True, reach=caller.reach, limit=ENTRIES
        )
    entries = [
        dict(row)
        | {"identifier": row["doubt"]["identifier"], "page": "/", "cap": f"/v1/doubts/{quote(row['doubt_id'])}/cap"}
        for row in rows
    ]
    path = FEED + (f"?{query}" if query else "")
    address = FeedAddress(request.app.state.public_url, path, feed=FEED, titles=DOUBT_TITLES)
    return feed_response(request, atom.render_feed(entries, address, lang).encode(), atom.last_updated(entries))
