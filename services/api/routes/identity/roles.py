"""Roles: what each permits; who has which, give and end them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ConfigDict

from rencheng.domain.errors import NotPossible
from rencheng.operations import roles as operations
from rencheng.operations.roles import RoleForm, RoleRules
from rencheng.store.access import roles as store
from rencheng.store.access.api_keys import KeyScope
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import Db, PersonId, Zone
from services.api.http.errors import InsufficientScope, NotFound, OutOfReach, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.refusals import refusals
from services.api.routes.identity.shown import ROLE, GivenRole, shown_role

router = APIRouter(route_class=ChangeRoute, prefix="/people/{person_id}/roles", tags=["identity"])
catalogue = APIRouter(prefix="/roles", tags=["identity"])

AssignmentId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number of the assignment.")]
_VIEWER = {"role": "viewer", "scopes": ["telemetry:read", "warnings:read"]}


class KnownRole(ApiModel):
    """What a role permits 角色权限."""

    model_config = example(**_VIEWER)

    role: str
    scopes: list[KeyScope]


class KnownRoles(ApiModel):
    """All roles."""

    model_config = example(items=[_VIEWER])

    items: list[KnownRole]


class RoleRequest(RoleForm):
    """A role to give."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"role": "operator", "regions": ["370102"], "worlds": ["actual"]}]},
    )


class RolesOfPerson(ApiModel):
    """The roles of a person now."""

    model_config = example(items=[ROLE])

    items: list[GivenRole]


def rules_of(request: Request) -> RoleRules:
    """Return what each role permits."""
    rules: RoleRules = request.app.state.role_rules
    return rules


@catalogue.get("", summary="List roles 角色列表", operation_id="list_roles")
def get_roles(request: Request, _caller: Caller) -> KnownRoles:
    """Return the roles and their scopes, as the settings have them."""
    found = sorted(rules_of(request).scopes.items())
    return KnownRoles(items=[KnownRole(role=role, scopes=sorted(scopes)) for role, scopes in found])


@router.get("", summary="Show a person's roles 人员角色", operation_id="list_roles_of_person")
def get_roles_of_person(database: Db, caller: Caller, zone: Zone, person_id: PersonId) -> RolesOfPerson:
    """Return the roles that a person has now. A bound caller sees those within its own bounds."""
    with database.read() as connection:
        found = store.roles_of(connection, [person_id])[person_id]
    return RolesOfPerson(items=[shown_role(role, zone) for role in found if caller.reach.covers(role.reach)])


@router.post("", summary="Give a person a role 授予角色", operation_id="give_role", status_code=HTTPStatus.CREATED)
def post_role(
    request: Request, database: Db, caller: Caller, zone: Zone, person_id: PersonId, role: RoleRequest
) -> GivenRole:
    """Give a role within your own regions and worlds. Nobody gives a role to himself."""
    rules = rules_of(request)
    with refusals(), database.write() as connection:
        _require_may_give(caller, person_id, role, rules)
        number = operations.give_role(connection, person_id, role, rules, actor=caller.actor)
        found = store.find_role(connection, number)
    if found is None:
        raise NotFound(f"{person_id} has no role with the number {number}.")
    return shown_role(found[1], zone)


@router.delete(
    "/{assignment_id}",
    summary="End a person's role 收回角色",
    operation_id="end_role",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_role(database: Db, caller: Caller, person_id: PersonId, assignment_id: AssignmentId) -> None:
    """End a role at once. The person's sessions end as well, and must be begun again."""
    missing = f"{person_id} has no role with the number {assignment_id}."
    with database.write() as connection:
        found = store.find_role(connection, assignment_id)
        if found is None or not caller.reach.covers(found[1].reach):
            raise NotFound(missing)
        try:
            operations.end_role(connection, person_id, assignment_id, actor=caller.actor)
        except NotPossible:
            raise NotFound(missing) from None


def _require_may_give(caller: Principal, person_id: str, role: RoleForm, rules: RoleRules) -> None:
    if caller.person_id == person_id:
        raise OutOfReach("Nobody gives a role to himself. Ask another administrator.")
    if not caller.reach.covers(role.to_assignment().reach):
        raise OutOfReach(f"You give roles only within your own bounds. {caller.bounds}")
    beyond = rules.scopes.get(role.role, frozenset()) - caller.scopes
    if caller.session is None and beyond:
        raise InsufficientScope(
            f"Your key does not have the scopes {', '.join(sorted(beyond))}, so it cannot give them."
        )
