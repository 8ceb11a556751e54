"""Who asks: `GET /v1/me`."""

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request

from rencheng.domain.level import WarningLevelWord
from rencheng.operations.roles import Grant
from rencheng.store.access.api_keys import KeyScope
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import Zone
from services.api.http.models import ApiModel, example, local

router = APIRouter(prefix="/me", tags=["identity"])

_GRANT: dict[str, Any] = {
    "role": "viewer",
    "permissions": ["telemetry:read", "warnings:read"],
    "regions": ["370102"],
    "worlds": ["actual"],
    "up_to": None,
    "until": None,
}
_ME: dict[str, Any] = {
    "kind": "person",
    "name": "person zhang-wei (张伟)",
    "person_id": "zhang-wei",
    "grants": [_GRANT],
    "acts": ["get_site", "list_sites"],
    "server_time": "2026-07-20T16:05:00+08:00",
    "expires_at": "2026-07-20T20:00:00+08:00",
    "idle_until": "2026-07-20T16:35:00+08:00",
    "must_set_password": False,
}


class Permission(ApiModel):
    """Permissions within regions and worlds 权限."""

    model_config = example(**_GRANT)

    role: str | None
    """null: of a key."""
    permissions: list[KeyScope]
    regions: list[str]
    """With all below them; empty: all regions."""
    worlds: list[str]
    """Empty: all worlds."""
    up_to: WarningLevelWord | None
    """The highest level that may be approved; null: any."""
    until: datetime | None


class Me(ApiModel):
    """Who asks, and what may be asked 当前身份."""

    model_config = example(**_ME)

    kind: Literal["key", "person", "display"]
    name: str
    """As the audit log names it."""
    person_id: str | None
    """The person who signs; null: nobody."""
    grants: list[Permission]
    acts: list[str]
    """The operations of this API that are open somewhere, by their ids in `/openapi.json`."""
    server_time: datetime
    expires_at: datetime | None
    """When the key or the session ends; null: never."""
    idle_until: datetime | None
    """When the session ends if nothing is asked with it; null: it does not for this reason."""
    must_set_password: bool
    """true: nothing else is open until a password is set."""


@router.get("", summary="Show who asks 当前身份", operation_id="get_me")
def get_me(request: Request, caller: Caller, zone: Zone) -> Me:
    """Return who asks, with permissions, regions, worlds and the time of the server."""
    return me_of(request, caller, zone)


def me_of(request: Request, caller: Principal, zone: Zone) -> Me:
    """Return who a principal is."""
    session = caller.session
    return Me(
        kind="key" if session is None else "display" if session.person_id is None else "person",
        name=caller.actor,
        person_id=caller.person_id,
        grants=[_shown(grant, zone) for grant in caller.grants],
        acts=acts_of(request, caller),
        server_time=local(datetime.now(UTC), zone),
        expires_at=caller.expires_at and local(caller.expires_at, zone),
        idle_until=session and session.idle_until and local(session.idle_until, zone),
        must_set_password=session is not None and session.must_change,
    )


def acts_of(request: Request, caller: Principal) -> list[str]:
    """Return the operations that a principal may ask for somewhere."""
    needed: dict[str, frozenset[str]] | None = getattr(request.app.state, "needed_scopes", None)
    if needed is None:
        needed = request.app.state.needed_scopes = _needed_scopes(request)
    return sorted(act for act, scopes in needed.items() if any(grant.scopes >= scopes for grant in caller.grants))


def _needed_scopes(request: Request) -> dict[str, frozenset[str]]:
    paths = request.app.openapi()["paths"]
    operations = [operation for path in paths.values() for operation in path.values() if operation.get("security")]
    return {
        each["operationId"]: frozenset(scope for way in each["security"] for one in way.values() for scope in one)
        for each in operations
    }


def _shown(grant: Grant, zone: Zone) -> Permission:
    return Permission(
        role=grant.role,
        permissions=sorted(grant.scopes),
        regions=list(grant.reach.regions),
        worlds=list(grant.reach.worlds),
        up_to=None if grant.up_to is None else grant.up_to.warning_word,
        until=grant.until and local(grant.until, zone),
    )
