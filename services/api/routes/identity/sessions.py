"""Sessions of people and displays, for administrators: list, make one for a display, end."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import Reach
from rencheng.operations import sign_in as operations
from rencheng.schemas.fields import DistrictCode, Identifier, Text
from rencheng.store.access.person_sessions import LoginSession, SessionKind, find_session, list_sessions
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import Db, Zone
from services.api.http.errors import NotFound, OutOfReach, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals
from services.api.routes.identity.shown import ROLE, GivenRole, shown_role

router = APIRouter(route_class=ChangeRoute, prefix="/sessions", tags=["identity"])

SessionId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The session's id.")]
_SESSION: dict[str, Any] = {
    "session_id": "5f0c2a9b1d3e4f60",
    "kind": "local",
    "person_id": "zhang-wei",
    "name": "张伟",
    "roles": [ROLE],
    "made_at": "2026-07-20T08:00:00+08:00",
    "last_used_at": "2026-07-20T16:05:00+08:00",
    "idle_until": "2026-07-20T16:35:00+08:00",
    "expires_at": "2026-07-20T20:00:00+08:00",
}


class ShownSession(ApiModel):
    """A session 会话."""

    model_config = example(**_SESSION)

    session_id: str
    kind: SessionKind
    person_id: str | None
    """null: a display."""
    name: str
    roles: list[GivenRole]
    made_at: datetime
    last_used_at: datetime
    """At most a minute before its last use."""
    idle_until: datetime | None
    """When it ends if it is not used; null: it does not for this reason."""
    expires_at: datetime


class ShownSessions(ApiModel):
    """Sessions in force, the newest first."""

    model_config = example(items=[_SESSION])

    items: list[ShownSession]


class DisplayRequest(BaseModel):
    """A screen on the wall, which reads and nothing else."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "wall, duty office", "regions": ["370102"], "worlds": ["actual"]}]},
    )

    name: Text
    regions: Annotated[list[DistrictCode], Field(min_length=1, max_length=200)]
    worlds: Annotated[list[Identifier], Field(min_length=1, max_length=200)]
    days: Annotated[float, Field(gt=0, le=3650)] = operations.DISPLAY_LASTS / timedelta(days=1)


class MadeDisplay(ApiModel):
    """A session for a display, with its token, which is shown once."""

    model_config = example(session_id="5f0c2a9b1d3e4f60", token="rcs_5f0c2a9b1d3e4f60_Zm9vYmFyYmF6")  # noqa: S106 - an example

    session_id: str
    token: str
    """The display's browser sends it to `POST /login/display`, once."""


@router.get("", summary="List sessions 会话列表", operation_id="list_sessions")
def get_sessions(database: Db, caller: Caller, zone: Zone) -> ShownSessions:
    """Return the sessions in force. A bound caller sees those whose roles lie within its own bounds."""
    with database.read() as connection:
        found = [session for session in list_sessions(connection) if _covers(caller, session)]
    return ShownSessions(items=[shown_session(session, zone) for session in found])


@router.post(
    "/displays",
    summary="Make a session for a display 新建大屏会话",
    operation_id="make_display",
    status_code=HTTPStatus.CREATED,
)
def post_display(database: Db, caller: Caller, display: DisplayRequest) -> MadeDisplay:
    """Make a session for a screen on the wall: it reads, is bound to regions and worlds, and lasts for a year."""
    reach = Reach(tuple(display.regions), tuple(display.worlds))
    if not caller.reach.covers(reach):
        raise OutOfReach(f"You make displays only within your own bounds. {caller.bounds}")
    lasts = timedelta(days=display.days)
    with refusals(), database.write() as connection:
        session_id, token = operations.make_display(connection, display.name, reach, lasts=lasts, actor=caller.actor)
    return MadeDisplay(session_id=session_id, token=token)


@router.delete(
    "/{session_id}",
    summary="End a session 结束会话",
    operation_id="end_session",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_session(database: Db, caller: Caller, session_id: SessionId) -> None:
    """End a session. Its next request is refused."""
    missing = f"No session {session_id} is in force."
    with database.write() as connection:
        session = find_session(connection, session_id)
        if session is None or not _covers(caller, session):
            raise NotFound(missing)
        try:
            operations.end_session(connection, session_id, actor=caller.actor)
        except NotPossible:
            raise NotFound(missing) from None


def shown_session(session: LoginSession, zone: Zone) -> ShownSession:
    """Return a session as it is shown."""
    return ShownSession(
        session_id=session.session_id,
        kind=session.kind,
        person_id=session.person_id,
        name=session.name,
        roles=[shown_role(role, zone) for role in session.roles],
        made_at=local(session.made_at, zone),
        last_used_at=local(session.last_used_at, zone),
        idle_until=session.idle_until and local(session.idle_until, zone),
        expires_at=local(session.expires_at, zone),
    )


def _covers(caller: Principal, session: LoginSession) -> bool:
    """Return whether a session lies in the caller's reach. One without a role lies nowhere."""
    roles = session.roles
    return caller.reach.is_everywhere or (bool(roles) and all(caller.reach.covers(role.reach) for role in roles))
