"""People who can be called: list, add and change. Nobody is deleted, only made inactive."""

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.operations.people import save_person
from rencheng.response.calls.forms import PersonForm
from rencheng.store.calls.people import list_people
from rencheng.store.places import Place
from services.api.auth.guard import Caller
from services.api.deps import AfterName, Db, Limit, PersonId
from services.api.http.errors import InvalidParameter
from services.api.http.models import ApiModel, Page, example, paginate
from services.api.http.refusals import refusals

router = APIRouter(prefix="/people", tags=["calls"])

_PERSON: dict[str, Any] = {
    "person_id": "zhang-wei",
    "name": "张伟",
    "organisation": "历下区城管局",
    "roles": ["keeper", "duty_officer"],
    "regions": ["370102"],
    "active": True,
}


class PersonRequest(PersonForm):
    """A person to add or change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]})


class RegisteredPerson(ApiModel):
    """A person who can be called 人员."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]}, from_attributes=True)

    person_id: str
    name: str
    organisation: str
    roles: list[str]
    regions: list[str]
    active: bool
    """false: is not called, whatever a roster says."""


class People(Page[RegisteredPerson]):
    """A page of people."""

    model_config = example(items=[_PERSON], next="zhang-wei")


@router.get("", summary="List people 人员列表", operation_id="list_people")
def get_people(database: Db, caller: Caller, after: AfterName = None, limit: Limit = 100) -> People:
    """Return the people all of whose regions the key reaches. People belong to no exercise."""
    if not caller.reach.includes_world(ACTUAL):
        return People(items=[], next=None)
    with database.read() as connection:
        found = list_people(connection, reach=caller.reach, after=after, limit=limit + 1)
    page, following = paginate(found, limit, lambda person: person.person_id)
    return People(items=[RegisteredPerson.model_validate(person) for person in page], next=following)


@router.put("/{person_id}", summary="Add or change a person 登记人员", operation_id="put_person")
def put_person(database: Db, caller: Caller, person_id: PersonId, person: PersonRequest) -> RegisteredPerson:
    """Add or change a person. To stop calling somebody, send `"active": false`."""
    if person.person_id != person_id:
        raise InvalidParameter(f"The body names {person.person_id!r}, the path {person_id!r}. Name the same person.")
    caller.require(Place(region, ACTUAL) for region in person.regions)
    with refusals(), database.write() as connection:
        save_person(connection, person, actor=caller.actor)
    return RegisteredPerson.model_validate(person.to_person())
