"""The reach of a key, for every route in one place.

A route either names its object in the path, and `check_reach` looks up where the object is; or it takes `Caller` and
restricts its query or its body. A route that does neither is closed to bound keys, so that a new route is not open by
mistake.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from rencheng.store import places
from rencheng.store.core.sessions import Connection, Database
from services.api.auth.principal import Principal, principal_of
from services.api.http.errors import NotFound, OutOfReach

FIND_PLACES: dict[str, Callable[[Connection, str], Sequence[places.Place]]] = {
    "device_id": places.of_device,
    "site_id": places.of_site,
    "warning_id": places.of_warning,
    "doubt_id": places.of_doubt,
    "quarantine_id": places.of_quarantine_entry,
    "name": places.of_mute,
    "person_id": places.of_person,
    "roster_id": places.of_roster,
    "policy_id": places.of_policy,
    "plan_id": places.of_plan,
    "task_id": places.of_task,
    "response_id": places.of_response,
    "actuator_id": places.of_actuator,
    "command_id": places.of_command,
    "proposal_id": places.of_proposal,
}
"""Where the object of a path parameter is."""

_OBJECTS = {
    "device_id": "device",
    "site_id": "site",
    "warning_id": "warning",
    "doubt_id": "doubt",
    "quarantine_id": "quarantine entry",
    "name": "mute",
    "person_id": "person",
    "roster_id": "roster",
    "policy_id": "policy",
    "plan_id": "plan",
    "task_id": "task",
    "response_id": "response",
    "actuator_id": "device",
    "command_id": "command",
    "proposal_id": "proposal",
}


async def _caller(request: Request) -> Principal:
    return principal_of(request)


Caller = Annotated[Principal, Depends(_caller)]
"""The principal, for a handler that restricts its query or its body to the principal's reach."""


async def check_reach(request: Request) -> None:
    """Check that the object in the path lies in the caller's reach. Only callers with a reach cost a query.

    Raises:
        NotFound: the object lies elsewhere. The answer is the same as for an object that does not exist.
        OutOfReach: the route is not open to bound keys.
    """
    principal = principal_of(request)
    if principal.reach.is_everywhere:
        return
    named = {name: value for name, value in request.path_params.items() if name in FIND_PLACES}
    if not named and not _restricts(request.scope["route"]):
        raise OutOfReach(f"This request answers for all regions and worlds. {principal.bounds}")
    if named:
        database: Database = request.app.state.database
        request.state.principal = await run_in_threadpool(_check_objects, database, principal, named)


def _check_objects(database: Database, principal: Principal, named: Mapping[str, str]) -> Principal:
    """Check where objects are; return the principal in their world."""
    with database.read() as connection:
        for name, value in named.items():
            found = FIND_PLACES[name](connection, value)
            if not principal.reaches(found):
                raise NotFound(f"There is no {_OBJECTS[name]} {value!r}.")
            principal = principal.in_world_of(found)
    return principal


def require_devices(connection: Connection, caller: Principal, device_ids: Collection[str]) -> None:
    """Check that devices, and the sites at which they stand, lie in the caller's reach. Call it after the change, too.

    Raises:
        OutOfReach: one does not.
    """
    if not caller.reach.is_everywhere:
        caller.require(places.of_registered(connection, device_ids))


def _restricts(route: APIRoute) -> bool:
    return _uses_caller(route.dependant)


def _uses_caller(dependant: Dependant) -> bool:
    return any(each.call is _caller or _uses_caller(each) for each in dependant.dependencies)
