"""Subscribers: list, add, change and end."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.domain.level import Level
from rencheng.domain.topic import IDENTIFIER
from rencheng.operations.contacts import end_subscriber, save_subscriber
from rencheng.response.delivery.contact_form import SubscriberForm
from rencheng.store.core.sessions import Row
from rencheng.store.response.contacts import find_subscriber, list_subscribers
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db, Zone
from services.api.http.errors import OutOfReach, problem_responses
from services.api.http.models import ApiModel, example, present
from services.api.http.preconditions import Version
from services.api.routes.delivery.reach import reaches_subscriber, require_subscriber

router = APIRouter(route_class=ChangeRoute, prefix="/subscribers", tags=["delivery"])

_FORM: dict[str, Any] = {
    "owner": "交警支队 Wang",
    "level_min": "yellow",
    "regions": ["370100"],
    "site_types": [],
    "sites": [],
    "wants_updates": True,
    "wants_notices": True,
    "wants_platform_messages": False,
}
_SUBSCRIBER = {"subscriber_id": "traffic-police", "version": 1, "created_at": "2026-07-01T09:00:00+08:00", **_FORM}

SubscriberId = Annotated[str, Path(pattern=f"^{IDENTIFIER.pattern}$", description="The subscriber's name.")]


class SubscriberRequest(SubscriberForm):
    """A subscriber to add or change. An empty list includes all."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FORM]})


class Subscriber(ApiModel):
    """A subscriber 订阅者, with its filters. An empty list includes all."""

    model_config = example(**_SUBSCRIBER)

    subscriber_id: str
    owner: str
    level_min: Literal["none", "blue", "yellow", "orange", "red"]
    regions: list[str]
    site_types: list[str]
    sites: list[str]
    wants_updates: bool
    wants_notices: bool
    wants_platform_messages: bool
    version: int
    """Grows with each change; send it as `If-Match: "1"`."""
    created_at: datetime


class Subscribers(ApiModel):
    """The active subscribers by name."""

    model_config = example(items=[_SUBSCRIBER])

    items: list[Subscriber]


@router.get("", summary="List subscribers 订阅者列表", operation_id="list_subscribers")
def get_subscribers(database: Db, caller: Caller, zone: Zone) -> Subscribers:
    """Return the active subscribers. A bound key sees those all of whose regions it reaches."""
    with database.read() as connection:
        rows = list_subscribers(connection)
    return Subscribers(items=[_present(row, zone) for row in rows if reaches_subscriber(caller, row["regions"])])


@router.put(
    "/{subscriber_id}",
    summary="Add or change a subscriber 登记订阅者",
    operation_id="put_subscriber",
    responses=problem_responses(HTTPStatus.PRECONDITION_FAILED),
)
def put_subscriber(
    database: Db, caller: Caller, zone: Zone, version: Version, subscriber_id: SubscriberId, form: SubscriberRequest
) -> Subscriber:
    """Add a subscriber, or change one. What is due to it follows the new filters from the next message on."""
    with database.write() as connection:
        known = find_subscriber(connection, subscriber_id, lock=True)
        for regions in ([*form.regions], [*known["regions"]] if known else [*form.regions]):
            if not reaches_subscriber(caller, regions):
                raise OutOfReach(f"Your key does not reach all that this subscriber would get. {caller.bounds}")
        wanted = form.model_dump(mode="json")
        present_form = _form(known) if known else None
        version.check(present_form, wanted, number=known["version"] if known else None)
        save_subscriber(connection, subscriber_id, form, actor=caller.actor)
        saved = require_subscriber(connection, caller, subscriber_id)
        version.tag(wanted, number=saved["version"])
        return _present(saved, zone)


@router.delete(
    "/{subscriber_id}",
    summary="End a subscriber 停用订阅者",
    operation_id="delete_subscriber",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_subscriber(database: Db, caller: Caller, subscriber_id: SubscriberId) -> None:
    """End a subscriber. It gets nothing more, also not what is due. Its record stays."""
    with database.write() as connection:
        require_subscriber(connection, caller, subscriber_id)
        end_subscriber(connection, subscriber_id, actor=caller.actor)


def _form(row: Row) -> dict[str, Any]:
    level = {"level_min": Level(row["level_min"]).word}
    return SubscriberForm.model_validate({name: row[name] for name in SubscriberForm.model_fields} | level).model_dump(
        mode="json"
    )


def _present(row: Row, zone: Zone) -> Subscriber:
    return Subscriber.model_validate(present(row, zone) | {"level_min": Level(row["level_min"]).word})
