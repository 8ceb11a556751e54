"""What handlers ask for, as annotations.

The database is handed over closed: a handler opens it for as long as it reads. A dependency that held a connection
from before the handler until after it would need a second thread to go on, and with all threads waiting for
connections nobody would.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from rencheng.domain.topic import IDENTIFIER, REGION
from rencheng.store.core.sessions import Database
from services.api.auth.authenticator import actor_of
from services.api.http.errors import InvalidParameter
from services.api.replayer import Replayer

CITY_ZONE = "Asia/Shanghai"
"""In which zone people read times, unless they ask for another."""

_YEARS = range(1970, 2200)
_ZONES = frozenset(available_timezones())
_NAME = f"^{IDENTIFIER.pattern}$"
_WARNING = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"  # a site's name and the time of opening
_PLUS_READ_AS_SPACE = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (\d\d:?\d\d)")
"""What becomes of `…T16:00:00+08:00` in a URL whose writer left the plus sign as it is."""


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _zone(
    tz: Annotated[
        str, Query(description="IANA time zone: the offset of times in the answer, and where days begin.")
    ] = CITY_ZONE,
) -> ZoneInfo:
    if tz not in _ZONES:
        raise InvalidParameter(f"{tz!r} is no time zone of the IANA database; an example is {CITY_ZONE}.")
    return ZoneInfo(tz)


def _with_plus(value: object) -> object:
    found = _PLUS_READ_AS_SPACE.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1]}+{found[2]}" if found else value


def _in_utc(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"the year must lie between {_YEARS.start} and {_YEARS.stop - 1}")
    return moment.astimezone(UTC)


def _replayer(request: Request) -> Replayer:
    replayer: Replayer = request.app.state.replayer
    return replayer


Db = Annotated[Database, Depends(_database)]
Replays = Annotated[Replayer, Depends(_replayer)]
Actor = Annotated[str, Depends(actor_of)]
Zone = Annotated[ZoneInfo, Depends(_zone)]

Moment = Annotated[AwareDatetime, BeforeValidator(_with_plus), AfterValidator(_in_utc)]
"""A time with offset, such as 2021-07-20T16:00:00+08:00; one without is refused, because it could be either."""

From = Annotated[Moment, Query(alias="from", description="From this time on (ISO 8601 with offset).")]
To = Annotated[Moment, Query(alias="to", description="Before this time (ISO 8601 with offset).")]

DeviceId = Annotated[str, Path(pattern=_NAME, description="The device's name.")]
SiteId = Annotated[str, Path(pattern=_NAME, description="The site's name.")]
WarningId = Annotated[str, Path(pattern=_WARNING, description="The warning's name.")]

BySite = Annotated[str | None, Query(pattern=_NAME, description="The name of a site.")]
ByRegion = Annotated[str | None, Query(pattern=f"^{REGION.pattern}$", description="Six-digit GB/T 2260 code.")]
ByWorld = Annotated[
    str | None, Query(pattern=_NAME, description="`actual`, or the name of an exercise. All worlds unless it is given.")
]
LevelMin = Annotated[
    Literal["blue", "yellow", "orange", "red"] | None,
    Query(description="Warnings at this level or above; one that is over counts by its peak."),
]
AfterName = Annotated[str | None, Query(pattern=_NAME, description="The `next` of the page before.")]
AfterCursor = Annotated[str | None, Query(max_length=512, description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="The most items in this page.")]
