"""Change, replace and retire devices in service, and rotate their passwords."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rencheng.devices.registration import device_values, validation_errors
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.messaging.mqtt.accounts import new_password, password_hash
from rencheng.operations.sites import lost_gauges, require_confirmation
from rencheng.schemas.findings import join_findings
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.history.raw import newest_time
from rencheng.store.registry.bindings import depth_gauges
from rencheng.store.registry.device_changes import copy_bindings, set_password
from rencheng.store.registry.devices import ensure_region, find_devices, register, retire


def change_device(
    connection: Connection, device_id: str, given: Mapping[str, Any], *, actor: str, confirm: bool = False
) -> Device:
    """Change the profile of a device in service; `given` are fields of `Device`.

    Raises:
        NotPossible: no such device is in service, or the changed device is invalid.
        ConfirmationRequired: a site loses its last depth gauge, and `confirm` is False.
    """
    gauges = depth_gauges(connection)
    known = _device_in_service(connection, device_id)
    wanted = replace(known, **given)
    # the kind can be corrected as long as no reading is stored
    has_no_readings = newest_time(connection, known.kind, device_id) is None
    if wrong := validation_errors(
        connection, [wanted], {device_id: replace(known, kind=wanted.kind) if has_no_readings else known}
    ):
        raise NotPossible(join_findings(wrong, "nothing was registered"))
    if wanted != known:
        ensure_region(connection, wanted.region)
        register(connection, [(wanted, None)])
        require_confirmation(lost_gauges(connection, gauges), confirm=confirm)
        before = {name: getattr(known, name) for name in given}
        detail = {"before": before, "after": dict(given)}
        audit.record(connection, actor, "device.change", f"device {device_id}", detail)
    return wanted


def rotate_password(connection: Connection, device_id: str, *, actor: str) -> str:
    """Set and return a new broker password. The old one is valid until the broker reloads its accounts.

    Raises:
        NotPossible: no such device is in service.
    """
    _device_in_service(connection, device_id)
    password = new_password()
    set_password(connection, device_id, password_hash(password))
    audit.record(connection, actor, "device.rotate", f"device {device_id}", {})
    return password


def replace_device(
    connection: Connection, old_id: str, new_id: str, given: Mapping[str, Any], *, actor: str
) -> tuple[Device, str]:
    """Replace a device by a new one, which gets its site, bindings and profile. Return the new device and its password.

    The old device is retired. Its readings keep its name, and `replaces` links the two.

    Raises:
        NotPossible: no such old device is in service, or the new name is taken or invalid.
    """
    old = _device_in_service(connection, old_id)
    if new_id in find_devices(connection, [new_id]):
        raise NotPossible(f"device {new_id} is registered already; choose a new name for the replacement")
    new = replace(old, device_id=new_id, replaces=old_id, **given)
    if wrong := validation_errors(connection, [new], {}):
        raise NotPossible(join_findings(wrong, "nothing was registered"))
    password = new_password()
    register(connection, [(new, password_hash(password))])
    copy_bindings(connection, old_id, new_id)
    retire(connection, old_id)
    audit.record(connection, actor, "device.replace", f"device {old_id}", {"by": new_id})
    audit.record(connection, actor, "device.add", f"device {new_id}", {"replaces": old_id, "after": device_values(new)})
    return new, password


def retire_device(connection: Connection, device_id: str, *, actor: str) -> None:
    """Retire a device: its account is removed, and its messages are quarantined. Its readings stay.

    Raises:
        NotPossible: no such device is in service.
    """
    device = _device_in_service(connection, device_id)
    retire(connection, device_id)
    audit.record(connection, actor, "device.retire", f"device {device_id}", {"before": device_values(device)})


def _device_in_service(connection: Connection, device_id: str) -> Device:
    device = find_devices(connection, [device_id]).get(device_id)
    if device is None or device.retired_at is not None:
        raise NotPossible(f"no device {device_id} is in service; `rencheng device list` lists those that are")
    return device
