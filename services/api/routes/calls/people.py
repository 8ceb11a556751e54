"""People who can be called: list, add and change. Nobody is deleted, only made inactive."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.operations.differences import tag_of
from rencheng.operations.people import person_values, save_person
from rencheng.response.calls.forms import PersonForm
from rencheng.response.calls.people import Person
from rencheng.store.calls.people import find_people, list_people
from rencheng.store.core.named_locks import lock_name
from rencheng.store.places import Place
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import AfterName, Db, Limit, PersonId
from services.api.http.errors import InvalidParameter, problem_responses
from services.api.http.models import ApiModel, Page, example, paginate
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/people", tags=["calls"])

_PERSON: dict[str, Any] = {
    "person_id": "zhang-wei",
    "name": "张伟",
    "organisation": "历下区城管局",
    "roles": ["keeper", "duty_officer"],
    "regions": ["370102"],
    "active": True,
}
_SHOWN = _PERSON | {"etag": '"5f0c2a9b1d3e4f60718293a4b5c6d7e8"'}


class PersonRequest(PersonForm):
    """A person to add or change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]})


class RegisteredPerson(ApiModel):
    """A person who can be called 人员."""

    model_config = example(**_SHOWN)

    person_id: str
    name: str
    organisation: str
    roles: list[str]
    regions: list[str]
    active: bool
    """false: is not called, whatever a roster says."""
    etag: str
    """Its version; send it as `If-Match`."""


class People(Page[RegisteredPerson]):
    """A page of people."""

    model_config = example(items=[_SHOWN], next="zhang-wei")


@router.get("", summary="List people 人员列表", operation_id="list_people")
def get_people(database: Db, caller: Caller, after: AfterName = None, limit: Limit = 100) -> People:
    """Return the people all of whose regions the key reaches. People belong to no exercise."""
    if not caller.reach.includes_world(ACTUAL):
        return People(items=[], next=None)
    with database.read() as connection:
        found = list_people(connection, reach=caller.reach, after=after, limit=limit + 1)
    page, following = paginate(found, limit, lambda person: person.person_id)
    return People(items=[_shown(person) for person in page], next=following)


@router.put(
    "/{person_id}",
    summary="Add or change a person 登记人员",
    operation_id="put_person",
    responses=problem_responses(HTTPStatus.PRECONDITION_FAILED),
)
def put_person(
    database: Db, caller: Caller, version: Version, person_id: PersonId, person: PersonRequest
) -> RegisteredPerson:
    """Add or change a person. To stop calling somebody, send `"active": false`."""
    if person.person_id != person_id:
        raise InvalidParameter(f"The body names {person.person_id!r}, the path {person_id!r}. Name the same person.")
    caller.require(Place(region, ACTUAL) for region in person.regions)
    with refusals(), database.write() as connection:
        lock_name(connection, f"person {person_id}")
        known = find_people(connection, [person_id]).get(person_id)
        version.check(person_values(known) if known else None, person_values(person.to_person()))
        save_person(connection, person, actor=caller.actor)
    version.tag(person_values(person.to_person()))
    return _shown(person.to_person())


def _shown(person: Person) -> RegisteredPerson:
    values = person_values(person)
    return RegisteredPerson.model_validate(values | {"etag": f'"{tag_of(values)}"'})
