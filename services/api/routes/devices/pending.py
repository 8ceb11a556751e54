"""Devices that nobody registered, and that spoke all the same."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.device import ChangeForm
from rencheng.schemas.fields import Identifier
from rencheng.store.registry.pending_devices import list_pending
from services.api.deps import Actor, AfterName, Db, DeviceId, Limit, Replays, Zone
from services.api.http.errors import InvalidParameter, NotFound, described
from services.api.http.models import ApiModel, Page, example, local, paginate

router = APIRouter(prefix="/pending-devices", tags=["devices"])

_STRANGER = {
    "device_id": "gauge-9",
    "kind": "waterlogging",
    "region": "370102",
    "addresses": 1,
    "messages": 120,
    "first_received_at": "2026-07-20T16:05:00+08:00",
    "last_received_at": "2026-07-20T16:25:00+08:00",
    "last_text": '{"time": "2026-07-20T16:25:00+08:00", "depth_mm": 41}',
}


class Stranger(ApiModel):
    """A device that waits to be admitted 待接纳设备."""

    model_config = example(**_STRANGER)

    device_id: str
    kind: Kind
    region: str
    """Both as its newest topic says."""
    addresses: int
    """How many different pairs of region and kind it used; more than one is odd."""
    messages: int
    first_received_at: datetime
    last_received_at: datetime
    last_text: str
    """The beginning of its newest message; what is no text is shown as �."""


class Strangers(Page[Stranger]):
    """A page of them."""

    model_config = example(items=[_STRANGER], next="gauge-9")


class Admission(ChangeForm):
    """What is known about it beyond what its topics say."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site_id": "underpass-3", "name": "新装北侧"}]})

    world: Identifier | None = None


class Admitted(ApiModel):
    """It is registered, and what it had sent is taken in 接纳结果."""

    model_config = example(
        device_id="gauge-9",
        user="gauge-9",
        password="b7f0c2a9b1d3e4f60718293a4b5c6d7e",  # noqa: S106 - of an example
        stored=118,
        duplicate=2,
        quarantined=0,
    )

    device_id: str
    user: str
    password: str
    """Shown once; only a hash is kept."""
    stored: int
    duplicate: int
    quarantined: int
    """Readings that are refused for another reason now."""


@router.get("", summary="Who is pending 待接纳设备", operation_id="list_pending_devices")
def list_pending_devices(database: Db, zone: Zone, *, after: AfterName = None, limit: Limit = 100) -> Strangers:
    """Devices that nobody registered and whose messages wait in quarantine, in order of their names."""
    with database.read() as connection:
        found = list_pending(connection, after=after, limit=limit + 1)
    page, following = paginate(found, limit, lambda each: each.device_id)
    items = [
        Stranger(
            device_id=each.device_id,
            kind=each.kind,
            region=each.region,
            addresses=each.addresses,
            messages=each.messages,
            first_received_at=local(each.first_received_at, zone),
            last_received_at=local(each.last_received_at, zone),
            last_text=each.last_payload[:500].decode("utf-8", "replace"),
        )
        for each in page
    ]
    return Strangers(items=items, next=following)


@router.post(
    "/{device_id}/admission",
    summary="Admit a device 接纳设备",
    operation_id="admit_device",
    responses=described(HTTPStatus.NOT_FOUND),
)
def admit_device(
    database: Db, replays: Replays, actor: Actor, device_id: DeviceId, more: Admission | None = None
) -> Admitted:
    """Registers it as what its topics say that it is, and replays what it sent; takes one to five seconds."""
    with database.read() as connection:
        if not list_pending(connection, names=[device_id], limit=1):
            raise NotFound(f"No device {device_id!r} is pending.")
    given = {} if more is None else {name: value for name, value in more.given_fields().items() if value is not None}
    try:
        done = replays.admit(device_id, given, actor=actor)
    except NotPossible as error:
        raise InvalidParameter(f"{error}.") from None
    became = done.replayed.counts
    return Admitted(
        device_id=device_id,
        user=device_id,
        password=done.passwords[device_id],
        stored=became.stored,
        duplicate=became.duplicate,
        quarantined=became.quarantined,
    )
