"""Pending devices: not registered, with messages in quarantine."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.schemas.device import ChangeForm
from rencheng.schemas.fields import Identifier
from rencheng.store import places
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.places import Place
from rencheng.store.registry.pending_devices import list_pending
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import AfterName, Db, DeviceId, Limit, ReplayDep, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, local, paginate
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/pending-devices", tags=["devices"])

_EXAMPLE = {
    "device_id": "gauge-9",
    "kind": "waterlogging",
    "region": "370102",
    "addresses": 1,
    "messages": 120,
    "first_received_at": "2026-07-20T16:05:00+08:00",
    "last_received_at": "2026-07-20T16:25:00+08:00",
    "last_text": '{"time": "2026-07-20T16:25:00+08:00", "depth_mm": 41}',
}


class PendingDevice(ApiModel):
    """A device that waits for registration 待接入设备."""

    model_config = example(**_EXAMPLE)

    device_id: str
    kind: Kind
    region: str
    """Region and kind, from its newest topic."""
    addresses: int
    """The number of different pairs of region and kind in its topics. More than one suggests a misconfigured device."""
    messages: int
    first_received_at: datetime
    last_received_at: datetime
    last_text: str | None
    """The beginning of its newest message; null without the scope `admin`. Bytes that are not UTF-8 appear as �."""


class PendingDevices(Page[PendingDevice]):
    """A page of pending devices."""

    model_config = example(items=[_EXAMPLE], next="gauge-9")


class Admission(ChangeForm):
    """Properties of the device that its topics do not carry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site_id": "underpass-3", "name": "新装北侧"}]})

    world: Identifier | None = None


class AdmissionResult(ApiModel):
    """The result of registering a pending device and replaying its messages 接入结果."""

    model_config = example(
        device_id="gauge-9",
        user="gauge-9",
        password="b7f0c2a9b1d3e4f60718293a4b5c6d7e",  # noqa: S106 - an example
        stored=118,
        duplicate=2,
        quarantined=0,
    )

    device_id: str
    user: str
    password: str
    """Shown once; the platform keeps only a hash."""
    stored: int
    duplicate: int
    quarantined: int
    """Readings that are now rejected for another reason."""


@router.get("", summary="List pending devices 待接入设备列表", operation_id="list_pending_devices")
def list_pending_devices(
    database: Db, caller: Caller, zone: Zone, *, after: AfterName = None, limit: Limit = 100
) -> PendingDevices:
    """Return unregistered devices with messages in quarantine, ordered by name."""
    with database.read() as connection:
        found = list_pending(connection, after=after, limit=limit + 1, reach=caller.reach)
    page, following = paginate(found, limit, lambda each: each.device_id)
    items = [
        PendingDevice(
            device_id=each.device_id,
            kind=each.kind,
            region=each.region,
            addresses=each.addresses,
            messages=each.messages,
            first_received_at=local(each.first_received_at, zone),
            last_received_at=local(each.last_received_at, zone),
            last_text=each.last_payload[:500].decode("utf-8", "replace") if caller.has(KeyScope.ADMIN) else None,
        )
        for each in page
    ]
    return PendingDevices(items=items, next=following)


@router.post(
    "/{device_id}/admission",
    summary="Register a pending device 接入设备",
    operation_id="admit_device",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def admit_device(
    database: Db, replays: ReplayDep, caller: Caller, device_id: DeviceId, form: Admission | None = None
) -> AdmissionResult:
    """Register the device by its topics, and replay its messages. This takes one to five seconds."""
    with database.read() as connection:
        if not list_pending(connection, names=[device_id], limit=1):
            raise NotFound(f"No device {device_id!r} is pending.")
        if form is not None and not caller.reach.is_everywhere:
            of_topics = places.of_device(connection, device_id)
            of_form = [Place(form.region or place.region, form.world or ACTUAL) for place in of_topics]
            caller.require([*of_form, *(places.of_site(connection, form.site_id) if form.site_id else ())])
    given = {} if form is None else {name: value for name, value in form.given_fields().items() if value is not None}
    with refusals():
        result = replays.onboard(device_id, given, actor=caller.actor)
    counts = result.replayed.counts
    return AdmissionResult(
        device_id=device_id,
        user=device_id,
        password=result.passwords[device_id],
        stored=counts.stored,
        duplicate=counts.duplicate,
        quarantined=counts.quarantined,
    )
