"""Devices: register, change, replace and retire."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import ConfigDict

from rencheng.devices import lifecycle
from rencheng.devices.registration import device_values, register_forms
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import Channel, Topic
from rencheng.schemas.device import DeviceForm, DeviceProfileForm, RegistrationForm, read_devices
from rencheng.schemas.fields import Identifier
from rencheng.store.core.sessions import Connection
from rencheng.store.registry.devices import find_devices, lock_device
from services.api.auth.guard import Caller, require_devices
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Confirm, Db, DeviceId
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, tags=["devices"])

CSV_BYTES_MAX = 16 * 2**20
"""The largest device list: 200,000 devices of 80 bytes."""

_PASSWORD = "b7f0c2a9b1d3e4f60718293a4b5c6d7e"  # noqa: S105 - an example


class DeviceRegistration(RegistrationForm):
    """The registration of a device. An omitted field keeps its value; for a new device it has its default."""

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


class Replacement(DeviceProfileForm):
    """The new device of a replacement, and the properties in which it differs from the old one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device_id": "gauge-7b", "depth_max_mm": 2350}]})

    device_id: Identifier


class BrokerCredentials(ApiModel):
    """The topic and the broker account of a device 接入凭据."""

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
    """Shown once, when it is created; the platform keeps only a hash. null: unchanged."""


class ImportResult(ApiModel):
    """The result of importing a device list 批量登记结果."""

    model_config = example(new={"pile-1": _PASSWORD}, changed=["pile-2"], unchanged=9998, checked_only=False)

    new: dict[str, str]
    """The passwords of the new devices, shown once; empty after a check only."""
    changed: list[str]
    unchanged: int
    checked_only: bool


@router.put(
    "/devices/{device_id}",
    summary="Register or change a device 登记设备",
    operation_id="put_device",
    responses={
        HTTPStatus.CREATED.value: {"description": "The device is new", "model": BrokerCredentials},
        **problem_responses(HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    },
)
def put_device(
    database: Db,
    caller: Caller,
    response: Response,
    version: Version,
    device_id: DeviceId,
    form: DeviceRegistration,
    *,
    confirm: Confirm = False,
) -> BrokerCredentials:
    """Register a new device and return its broker password, or change a known one. Ingest applies it at once.

    With `If-Match` the change is refused if the device was changed meanwhile. A change that leaves a site without a
    depth gauge must be confirmed.
    """
    whole_form = DeviceForm(device_id=device_id, **form.model_dump(include=form.model_fields_set))
    with refusals(), database.write() as connection:
        known = lock_device(connection, device_id)
        present = device_values(known) if known else None
        version.check(present, (present or {}) | form.model_dump(mode="json", include=form.model_fields_set))
        result = register_forms(connection, [whole_form], actor=caller.actor, confirm=confirm)
        require_devices(connection, caller, [device_id])
        device = find_devices(connection, [device_id])[device_id]
    password = result.passwords.get(device_id)
    response.status_code = HTTPStatus.CREATED if password else HTTPStatus.OK
    version.tag(device_values(device))
    return _credentials(device, password)


@router.post(
    "/devices/{device_id}/credentials",
    summary="Rotate the password 更换密码",
    operation_id="rotate_credentials",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def rotate_credentials(database: Db, actor: Actor, device_id: DeviceId) -> BrokerCredentials:
    """Create a new broker password. The broker rejects the old one within seconds."""
    with database.write() as connection:
        device = _find_or_404(connection, device_id)
        try:
            password = lifecycle.rotate_password(connection, device_id, actor=actor)
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
    return _credentials(device, password)


@router.post(
    "/devices/{device_id}/replacement",
    summary="Replace a device 更换设备",
    operation_id="replace_device",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def replace_device(database: Db, caller: Caller, device_id: DeviceId, replacement: Replacement) -> BrokerCredentials:
    """Give the device's site, bindings and profile to a new device, and retire the old one. It keeps its readings."""
    with database.write() as connection:
        _find_or_404(connection, device_id)
        try:
            device, password = lifecycle.replace_device(
                connection, device_id, replacement.device_id, replacement.given_fields(), actor=caller.actor
            )
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
        require_devices(connection, caller, [device_id, device.device_id])
    return _credentials(device, password)


@router.post(
    "/devices/{device_id}/retirement",
    summary="Retire a device 设备退役",
    operation_id="retire_device",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def retire_device(database: Db, actor: Actor, device_id: DeviceId) -> None:
    """Close the device's account. Later messages go to quarantine; its readings stay. Repeating is harmless."""
    with database.write() as connection:
        device = _find_or_404(connection, device_id)
        if device.retired_at is None:
            lifecycle.retire_device(connection, device_id, actor=actor)


@router.post(
    "/device-imports",
    summary="Import a device list 批量登记",
    operation_id="import_devices",
    responses=problem_responses(HTTPStatus.CONFLICT),
    max_body_size=CSV_BYTES_MAX,
)
def import_devices(
    database: Db,
    caller: Caller,
    data: Annotated[bytes, Body(media_type="text/csv", max_length=CSV_BYTES_MAX)],
    *,
    check: Annotated[bool, Query(description="true: only check the list, and change nothing.")] = False,
    confirm: Confirm = False,
) -> ImportResult:
    """Register all devices of a CSV file, or none. A rejection names the lines. Repeating a request is harmless."""
    with refusals():
        forms = read_devices(data, "The file")
        names = [form.device_id for form in forms]
        with database.write() as connection:
            require_devices(connection, caller, names)
            result = register_forms(connection, forms, actor=caller.actor, confirm=confirm)
            require_devices(connection, caller, names)
            if check:
                connection.rollback()
    passwords = {} if check else dict(result.passwords)
    return ImportResult(new=passwords, changed=list(result.changed), unchanged=result.unchanged, checked_only=check)


def _find_or_404(connection: Connection, device_id: str) -> Device:
    device = find_devices(connection, [device_id]).get(device_id)
    if device is None:
        raise NotFound(f"There is no device {device_id!r}.")
    return device


def _credentials(device: Device, password: str | None) -> BrokerCredentials:
    topic = Topic(device.region, device.kind, device.device_id, Channel.TELEMETRY)
    return BrokerCredentials(device_id=device.device_id, topic=str(topic), user=device.device_id, password=password)
