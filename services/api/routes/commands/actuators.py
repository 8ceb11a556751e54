"""Devices that take commands: list, register, change and retire."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.devices.actuators import save_actuator, take_out_of_service
from rencheng.domain.topic import IDENTIFIER
from rencheng.response.commands.forms import ActuatorForm
from rencheng.response.commands.interlock import UNKNOWN
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.store.commands.actuators import Actuator, find_actuator, list_actuators, lock_actuator
from rencheng.store.commands.observed import ReportedState, newest_states
from rencheng.store.places import Place, of_site
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import AfterName, ByWorld, Db, Limit, Zone
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, local, paginate
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(prefix="/actuators", tags=["commands"])
changes = APIRouter(route_class=ChangeRoute, prefix="/actuators", tags=["commands"])

_REQUEST: dict[str, Any] = {
    "device_id": "barrier-7",
    "kind": "barrier",
    "region": "370102",
    "site_id": "my-underpass",
    "name": "北侧道闸",
    "verbs": ["barrier.close", "barrier.open"],
}
_ACTUATOR: dict[str, Any] = _REQUEST | {
    "world": "actual",
    "version": 1,
    "state": "open",
    "text": "",
    "obstructed": False,
    "state_since": "2026-07-20T15:00:00+08:00",
    "reported_at": "2026-07-20T16:00:00+08:00",
}

ActuatorId = Annotated[str, Path(pattern=f"^{IDENTIFIER.pattern}$", description="The device's name.")]


class ActuatorRequest(ActuatorForm):
    """A device to register or change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST]})


class ShownActuator(ApiModel):
    """A device that takes commands 可控设备."""

    model_config = example(**_ACTUATOR)

    device_id: str
    kind: ActuatorKind
    region: str
    world: str
    site_id: str | None
    name: str
    verbs: list[Verb]
    version: int
    """Grows with each change; send it as `If-Match: "1"`. Approvals of commands hold for one version."""
    state: str
    """What it reported last; `unknown` if it never reported. Piles and gauges report theirs with their readings."""
    text: str
    """Of a board, the name of the text that it shows."""
    obstructed: bool
    """Of a barrier: something is below its arm."""
    state_since: datetime | None
    reported_at: datetime | None
    """When it reported the state last; null: never."""


class RegisteredActuator(ShownActuator):
    """A registered device, with its new broker password."""

    model_config = example(**_ACTUATOR, password=None)

    password: str | None
    """Shown once; null if it has an account already."""


class Actuators(Page[ShownActuator]):
    """A page of devices."""

    model_config = example(items=[_ACTUATOR], next="barrier-7")


@router.get("", summary="List devices that take commands 可控设备列表", operation_id="list_actuators")
def get_actuators(
    database: Db, caller: Caller, zone: Zone, world: ByWorld, after: AfterName = None, limit: Limit = 100
) -> Actuators:
    """Return the devices in service with what they reported last."""
    with database.read() as connection:
        found = list_actuators(connection, reach=caller.reach, world=world, after=after, limit=limit + 1)
        page, following = paginate(found, limit, lambda one: one.device_id)
        states = newest_states(connection, [one.device_id for one in page])
    items = [ShownActuator.model_validate(_shown(one, states.get(one.device_id), zone)) for one in page]
    return Actuators(items=items, next=following)


@changes.put(
    "/{actuator_id}",
    summary="Register or change a device 登记可控设备",
    operation_id="put_actuator",
    responses=problem_responses(HTTPStatus.PRECONDITION_FAILED),
)
def put_actuator(
    database: Db, caller: Caller, zone: Zone, version: Version, actuator_id: ActuatorId, actuator: ActuatorRequest
) -> RegisteredActuator:
    """Register or change a device. A change voids the approvals of its commands, and stops those that were not sent."""
    if actuator.device_id != actuator_id:
        raise InvalidParameter(
            f"The body names {actuator.device_id!r}, the path {actuator_id!r}. Name the same device."
        )
    caller.require([Place(actuator.region, actuator.world)])
    form = ActuatorForm.model_validate(actuator.model_dump())
    with refusals(), database.write() as connection:
        if form.site_id is not None:
            caller.require(of_site(connection, form.site_id))
        known = lock_actuator(connection, actuator_id)
        present_form = known.form().model_dump(mode="json") if known else None
        wanted = form.model_copy(update={"verbs": tuple(sorted(form.taken))})
        version.check(present_form, wanted.model_dump(mode="json"), number=known.version if known else None)
        password = save_actuator(connection, form, actor=caller.actor)
        found = find_actuator(connection, actuator_id)
        states = newest_states(connection, [actuator_id])
    if found is None:
        raise NotFound(f"There is no device {actuator_id!r} that takes commands.")
    version.tag({}, number=found.version)
    return RegisteredActuator.model_validate(_shown(found, states.get(actuator_id), zone) | {"password": password})


@changes.delete(
    "/{actuator_id}",
    summary="Retire a device 停用可控设备",
    operation_id="retire_actuator",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_actuator(database: Db, caller: Caller, actuator_id: ActuatorId) -> None:
    """Retire a device: its account ends, and commands to it that were not sent are stopped."""
    with refusals(), database.write() as connection:
        if (found := find_actuator(connection, actuator_id)) is None or found.retired_at is not None:
            raise NotFound(f"There is no device {actuator_id!r} that takes commands.")
        take_out_of_service(connection, actuator_id, actor=caller.actor)


def _shown(one: Actuator, state: ReportedState | None, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "device_id": one.device_id,
        "kind": one.kind,
        "region": one.region,
        "world": one.world,
        "site_id": one.site_id,
        "name": one.name,
        "verbs": sorted(one.verbs),
        "version": one.version,
        "state": UNKNOWN if state is None else state.state,
        "text": "" if state is None else state.text,
        "obstructed": state is not None and state.is_obstructed,
        "state_since": state and local(state.since, zone),
        "reported_at": state and local(state.last_at, zone),
    }
