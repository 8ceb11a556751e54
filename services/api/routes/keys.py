"""API keys: list, make and revoke. The secret is shown once."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import Reach
from rencheng.operations.keys import make_key, revoke_key
from rencheng.operations.worlds import require_worlds
from rencheng.schemas.fields import DistrictCode, Identifier, Text
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import LIFETIME_DAYS, Key, KeyScope
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Db, Zone
from services.api.http.errors import InsufficientScope, NotFound, OutOfReach, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/keys", tags=["keys"])

_KEY = {
    "key_id": "5f0c2a9b1d3e4f60",
    "name": "city brain",
    "scopes": ["telemetry:read", "warnings:read"],
    "regions": ["370100"],
    "worlds": ["actual"],
    "created_at": "2026-07-01T09:00:00+08:00",
    "expires_at": "2027-07-01T09:00:00+08:00",
    "revoked_at": None,
    "last_used_at": "2026-07-20T16:05:00+08:00",
    "made_by": "shell duty",
    "person_id": None,
}
_REQUEST: dict[str, Any] = {"name": "city brain", "scopes": ["telemetry:read", "warnings:read"], "regions": ["370100"]}

KeyId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The key's id, the middle part of its token.")]


class ApiKey(ApiModel):
    """A key without its secret 密钥."""

    model_config = example(**_KEY)

    key_id: str
    name: str
    scopes: list[KeyScope]
    regions: list[str]
    """The regions that it is bound to, with all below them; empty: all regions."""
    worlds: list[str]
    """The worlds that it is bound to; empty: all worlds."""
    created_at: datetime
    expires_at: datetime | None
    """null: never."""
    revoked_at: datetime | None
    last_used_at: datetime | None
    """At most a minute before its last use; null: never used."""
    made_by: str | None
    """Who made it; null: before this was kept."""
    person_id: str | None
    """The person who uses it and signs with it. Only the command `rencheng key create --person` makes such a key."""


class ApiKeys(ApiModel):
    """Keys, the oldest first."""

    model_config = example(items=[_KEY])

    items: list[ApiKey]


class KeyRequest(BaseModel):
    """A key to make. It expires after a year unless another time is given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_REQUEST]})

    name: Text
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=len(KeyScope))]
    regions: Annotated[list[DistrictCode], Field(max_length=200)] = []
    worlds: Annotated[list[Identifier], Field(max_length=200)] = []
    days: Annotated[float, Field(gt=0, le=3650)] | None = Field(
        None, description=f"Days until it expires; {LIFETIME_DAYS} if omitted."
    )
    never: bool = Field(False, description="true: it does not expire. Then `days` must be omitted.")

    @model_validator(mode="after")
    def _check_lifetime(self) -> "KeyRequest":
        if self.never and self.days is not None:
            raise ValueError("send `days` or `never`, not both")
        return self


class MadeKey(ApiKey):
    """A new key with its token, which is shown once."""

    model_config = example(**_KEY, token="rck_5f0c2a9b1d3e4f60_Zm9vYmFyYmF6")  # noqa: S106 - an example

    token: str


@router.get("", summary="List keys 密钥列表", operation_id="list_keys")
def list_keys(database: Db, caller: Caller, zone: Zone) -> ApiKeys:
    """Return all keys, also expired and revoked ones. A bound key sees the keys within its own bounds."""
    with database.read() as connection:
        keys = [key for key in api_keys.list_keys(connection) if caller.reach.covers(key.reach)]
    return ApiKeys(items=[ApiKey.model_validate(_present(key, zone)) for key in keys])


@router.post("", summary="Make a key 新建密钥", operation_id="make_key", status_code=HTTPStatus.CREATED)
def post_key(database: Db, caller: Caller, zone: Zone, request: KeyRequest) -> MadeKey:
    """Make a key and return its token, once. A key makes keys only within its own scopes, regions and worlds."""
    _require_covered(caller, request)
    lifetime = timedelta(days=LIFETIME_DAYS if request.days is None else request.days)
    expires_at = None if request.never else datetime.now(UTC) + lifetime
    reach = Reach(tuple(request.regions), tuple(request.worlds))
    with refusals(), database.write() as connection:
        require_worlds(connection, reach.worlds)
        token, key = make_key(
            connection, request.name, request.scopes, expires_at=expires_at, reach=reach, actor=caller.actor
        )
    return MadeKey.model_validate(_present(key, zone) | {"token": token})


@router.delete(
    "/{key_id}",
    summary="Revoke a key 吊销密钥",
    operation_id="revoke_key",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_key(database: Db, actor: Actor, caller: Caller, key_id: KeyId) -> None:
    """Revoke a key. It is refused within five seconds, and its live streams end."""
    missing = f"No key {key_id} is in force."
    with database.write() as connection:
        key = api_keys.find_key(connection, key_id)
        if key is None or not caller.reach.covers(key.reach):
            raise NotFound(missing)
        try:
            revoke_key(connection, key_id, actor=actor)
        except NotPossible:
            raise NotFound(missing) from None


def _require_covered(caller: Principal, request: KeyRequest) -> None:
    if beyond := sorted(set(request.scopes) - caller.scopes):
        raise InsufficientScope(f"Your key does not have the scopes {', '.join(beyond)}, so it cannot give them.")
    if not caller.reach.covers(Reach(tuple(request.regions), tuple(request.worlds))):
        raise OutOfReach(f"Your key makes only keys within its own bounds. {caller.bounds}")


def _present(key: Key, zone: Zone) -> dict[str, object]:
    times = {"created_at", "expires_at", "revoked_at", "last_used_at"}
    moments = {name: local(at, zone) if (at := getattr(key, name)) else None for name in times}
    return moments | {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "regions": list(key.reach.regions),
        "worlds": list(key.reach.worlds),
        "made_by": key.made_by,
        "person_id": key.person_id,
    }
