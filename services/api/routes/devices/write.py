"""The register of devices, as operators change it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import ConfigDict

from rencheng.devices import lifecycle
from rencheng.devices.registration import register_forms
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import Channel, Topic
from rencheng.schemas.device import DeviceForm, DeviceProfileForm, RegistrationForm, read_devices
from rencheng.schemas.fields import Identifier
from rencheng.store.registry.devices import find_devices
from services.api.deps import Actor, Db, DeviceId
from services.api.http.errors import InvalidParameter, NotFound, described
from services.api.http.models import ApiModel, example

router = APIRouter(tags=["devices"])

CSV_BYTES_MAX = 64 * 2**20

_PASSWORD = "b7f0c2a9b1d3e4f60718293a4b5c6d7e"  # noqa: S105 - of an example


class Form(RegistrationForm):
    """A device as it is registered. What is left out stays as it is, or is as usual for a new device."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "waterlogging",
                    "region": "370102",
                    "site_id": "underpass-3",
                    "name": "经十路下穿通道北侧",
                    "depth_max_mm": 2400,
                    "no_return_codes": [9999],
                    "receipts": True,
                }
            ]
        }
    )


class Successor(DeviceProfileForm):
    """The device that takes another's place, and what is another way about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device_id": "gauge-7b", "depth_max_mm": 2350}]})

    device_id: Identifier


class Account(ApiModel):
    """How a device speaks to the broker 接入凭据."""

    model_config = example(
        device_id="gauge-7",
        topic="rencheng/v1/370102/waterlogging/gauge-7/telemetry",
        user="gauge-7",
        password=_PASSWORD,
    )

    device_id: str
    topic: str
    user: str
    password: str | None
    """Shown once, when it is made; only a hash is kept. null: it is as it was."""


class Imported(ApiModel):
    """What became of a list 批量登记结果."""

    model_config = example(new={"pile-1": _PASSWORD}, changed=["pile-2"], unchanged=9998, checked_only=False)

    new: dict[str, str]
    """The new devices' passwords, shown once; empty if only checked."""
    changed: list[str]
    unchanged: int
    checked_only: bool


@router.put(
    "/devices/{device_id}",
    summary="Register or change a device 登记设备",
    operation_id="put_device",
    responses={HTTPStatus.CREATED.value: {"description": "It is new", "model": Account}},
)
def put_device(database: Db, actor: Actor, response: Response, device_id: DeviceId, form: Form) -> Account:
    """A new device gets an account, whose password is in the answer; a known one keeps it. Ingest knows it at once."""
    whole = DeviceForm(device_id=device_id, **form.model_dump(include=form.model_fields_set))
    with database.write() as connection:
        try:
            enrolled = register_forms(connection, [whole], actor=actor)
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
        device = find_devices(connection, [device_id])[device_id]
    password = enrolled.passwords.get(device_id)
    response.status_code = HTTPStatus.CREATED if password else HTTPStatus.OK
    return _account(device, password)


@router.post(
    "/devices/{device_id}/credentials",
    summary="Another password 更换密码",
    operation_id="rotate_credentials",
    responses=described(HTTPStatus.NOT_FOUND),
)
def rotate_credentials(database: Db, actor: Actor, device_id: DeviceId) -> Account:
    """The old password ends as soon as the broker has heard of it."""
    with database.write() as connection:
        device = _known(find_devices(connection, [device_id]), device_id)
        try:
            password = lifecycle.rotate_password(connection, device_id, actor=actor)
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
    return _account(device, password)


@router.post(
    "/devices/{device_id}/replacement",
    summary="Replace a device 更换设备",
    operation_id="replace_device",
    responses=described(HTTPStatus.NOT_FOUND),
)
def replace_device(database: Db, actor: Actor, device_id: DeviceId, successor: Successor) -> Account:
    """A new device takes its place: site, bindings, profile. The old one is retired; its readings stay its own."""
    with database.write() as connection:
        _known(find_devices(connection, [device_id]), device_id)
        try:
            device, password = lifecycle.replace_device(
                connection, device_id, successor.device_id, successor.given_fields(), actor=actor
            )
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
    return _account(device, password)


@router.post(
    "/devices/{device_id}/retirement",
    summary="Retire a device 设备退役",
    operation_id="retire_device",
    status_code=HTTPStatus.NO_CONTENT,
    responses=described(HTTPStatus.NOT_FOUND),
)
def retire_device(database: Db, actor: Actor, device_id: DeviceId) -> None:
    """Its account ends, what it still sends goes to quarantine, its readings stay. To ask twice is harmless."""
    with database.write() as connection:
        device = _known(find_devices(connection, [device_id]), device_id)
        if device.retired_at is None:
            lifecycle.retire_device(connection, device_id, actor=actor)


@router.post("/device-imports", summary="Register a list 批量登记", operation_id="import_devices")
def import_devices(
    database: Db,
    actor: Actor,
    data: Annotated[bytes, Body(media_type="text/csv", max_length=CSV_BYTES_MAX)],
    *,
    check: Annotated[bool, Query(description="Only look whether it could be done.")] = False,
) -> Imported:
    """The devices of a CSV file, all or none; the detail of a refusal names the lines. To ask twice is harmless."""
    try:
        forms = read_devices(data, "The file")
        with database.write() as connection:
            enrolled = register_forms(connection, forms, actor=actor)
            if check:
                connection.rollback()
    except NotPossible as error:
        raise InvalidParameter(f"{error}.") from None
    passwords = {} if check else dict(enrolled.passwords)
    return Imported(new=passwords, changed=list(enrolled.changed), unchanged=enrolled.unchanged, checked_only=check)


def _known(found: dict[str, Device], device_id: str) -> Device:
    try:
        return found[device_id]
    except KeyError:
        raise NotFound(f"There is no device {device_id!r}.") from None


def _account(device: Device, password: str | None) -> Account:
    topic = Topic(device.region, device.kind, device.device_id, Channel.TELEMETRY)
    return Account(device_id=device.device_id, topic=str(topic), user=device.device_id, password=password)
