"""Parameters and dependencies of route handlers, as annotations.

A handler receives the database without a connection, and opens one only while it reads. A dependency that held a
connection during the whole request would need a second thread to release it: with all threads waiting for a
connection, none could.

Dependencies without I/O are coroutines, because the framework runs every other one in a thread of its own.
"""

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Path, Query, Request
from pydantic import BeforeValidator

from rencheng.domain.device import ACTUAL, ALL_WORLDS
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.topic import IDENTIFIER, REGION
from rencheng.operations.asks import AskSender
from rencheng.operations.task_messages import TaskSender
from rencheng.response.declarations.rule import RegionRule
from rencheng.schemas import fields
from rencheng.store.core.sessions import Transactions
from services.api.auth.authenticator import actor_of
from services.api.auth.principal import principal_of
from services.api.http.errors import InvalidParameter, OutOfReach
from services.api.replay_service import ReplayService

_ZONES = frozenset(available_timezones())
_NAME = f"^{IDENTIFIER.pattern}$"
_WARNING = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"  # the site's name and the opening time
_PLUS_READ_AS_SPACE = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (\d\d:?\d\d)")
"""`…T16:00:00+08:00` after URL decoding, if the client did not escape the plus sign."""


async def _database(request: Request) -> Transactions:
    """Return the database; for a dry run, and a request that may be repeated, the one that holds its changes."""
    database: Transactions = getattr(request.state, "held_database", request.app.state.database)
    return database


async def _zone(
    tz: Annotated[
        str, Query(description="IANA time zone of the times in the response and of day boundaries.")
    ] = CITY_ZONE.key,
) -> ZoneInfo:
    if tz not in _ZONES:
        raise InvalidParameter(f"{tz!r} is not an IANA time zone. Use one such as {CITY_ZONE.key}.")
    return ZoneInfo(tz)


def _with_plus(value: object) -> object:
    found = _PLUS_READ_AS_SPACE.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1]}+{found[2]}" if found else value


async def _one_world(
    request: Request,
    world: Annotated[str, Query(pattern=_NAME, description="`actual`, or the name of an exercise.")] = ACTUAL,
) -> str:
    """Return the world that a request asks for. It must lie in the reach of the key."""
    principal = principal_of(request)
    if not principal.reach.includes_world(world):
        raise OutOfReach(f"You do not reach the world {world!r}. {principal.bounds}")
    return world


async def _world(
    request: Request,
    world: Annotated[
        str,
        Query(
            pattern=rf"^({IDENTIFIER.pattern}|\*)$",
            description="`actual`, or the name of an exercise; `all` (or `*`) for all worlds.",
        ),
    ] = ACTUAL,
) -> str | None:
    return None if world in ALL_WORLDS else await _one_world(request, world)


async def _replay_service(request: Request) -> ReplayService:
    service: ReplayService = request.app.state.replay_service
    return service


async def _ask_sender(request: Request) -> AskSender:
    return AskSender(request.app.state.public_url)


async def _task_sender(request: Request) -> TaskSender:
    return TaskSender(request.app.state.public_url)


async def _response_rules(request: Request) -> tuple[RegionRule, ...]:
    rules: tuple[RegionRule, ...] = request.app.state.response_rules
    return rules


Db = Annotated[Transactions, Depends(_database)]
ReplayDep = Annotated[ReplayService, Depends(_replay_service)]
Asks = Annotated[AskSender, Depends(_ask_sender)]
"""Sends the messages of calls."""
TaskNewsSender = Annotated[TaskSender, Depends(_task_sender)]
"""Sends the messages about tasks."""
ResponseRules = Annotated[tuple[RegionRule, ...], Depends(_response_rules)]
Actor = Annotated[str, Depends(actor_of)]
ByWorld = Annotated[str | None, Depends(_world)]
"""One world, by default `actual`; None for all worlds."""
OneWorld = Annotated[str, Depends(_one_world)]
Confirm = Annotated[
    bool, Query(description="true: a dangerous change, which the API otherwise refuses with 409, is meant.")
]
Zone = Annotated[ZoneInfo, Depends(_zone)]

Moment = Annotated[fields.Moment, BeforeValidator(_with_plus)]
"""A `Moment` in a URL, where a client may have forgotten to escape the plus sign of the offset."""

From = Annotated[Moment, Query(alias="from", description="Start time, inclusive (ISO 8601 with offset).")]
To = Annotated[Moment, Query(alias="to", description="End time, exclusive (ISO 8601 with offset).")]

DeviceId = Annotated[str, Path(pattern=_NAME, description="The device's name.")]
SiteId = Annotated[str, Path(pattern=_NAME, description="The site's name.")]
PersonId = Annotated[str, Path(pattern=_NAME, description="The person's name in the register.")]
RosterId = Annotated[str, Path(pattern=_NAME, description="The roster's name.")]
PolicyId = Annotated[str, Path(pattern=_NAME, description="The policy's name.")]
PlanId = Annotated[str, Path(pattern=_NAME, description="The plan's name.")]
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The task's number.")]
EvidenceId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number of the evidence.")]
WarningId = Annotated[str, Path(pattern=_WARNING, description="The warning's name.")]

ByWarning = Annotated[str | None, Query(pattern=_WARNING, description="The name of a warning.")]
BySubscriber = Annotated[str | None, Query(pattern=_NAME, description="The name of a subscriber.")]
ByPerson = Annotated[str | None, Query(pattern=_NAME, description="The name of a person.")]
BySite = Annotated[str | None, Query(pattern=_NAME, description="The name of a site.")]
ByRegion = Annotated[
    str | None,
    Query(
        pattern=f"^{REGION.pattern}$",
        description="Six-digit GB/T 2260 code of a district, a city (370100: all of Jinan) or a province (370000).",
    ),
]
LevelMin = Annotated[
    Literal["blue", "yellow", "orange", "red"] | None,
    Query(description="Warnings at this level or above. A warning that has ended counts by its peak level."),
]
AfterName = Annotated[str | None, Query(pattern=_NAME, description="The `next` of the previous page.")]
AfterCursor = Annotated[str | None, Query(max_length=512, description="The `next` of the previous page.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Maximum number of items in the page.")]
