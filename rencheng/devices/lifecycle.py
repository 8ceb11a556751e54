"""A device's time in service: changed, given another password, replaced, taken out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rencheng.devices.registration import validation_errors
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.messaging.mqtt.accounts import new_password, password_hash
from rencheng.schemas.findings import join_findings
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.history.raw import newest_time
from rencheng.store.registry.device_changes import copy_bindings, set_password
from rencheng.store.registry.devices import ensure_region, find_devices, register, retire


def change_device(connection: Connection, device_id: str, given: Mapping[str, Any], *, actor: str) -> Device:
    """Change what is known about a device in service; `given` are fields of a `Change`.

    Raises:
        NotPossible: there is no such device in service, or it cannot be so.
    """
    known = _in_service(connection, device_id)
    wanted = replace(known, **given)
    # one that was registered as the wrong kind can be mended as long as nothing lies there
    is_blank = newest_time(connection, known.kind, device_id) is None
    if wrong := validation_errors(
        connection, [wanted], {device_id: replace(known, kind=wanted.kind) if is_blank else known}
    ):
        raise NotPossible(join_findings(wrong, "nothing was registered"))
    if wanted != known:
        ensure_region(connection, wanted.region)
        register(connection, [(wanted, None)])
        before = {name: getattr(known, name) for name in given}
        detail = {"before": before, "after": dict(given)}
        audit.record(connection, actor, "device.change", f"device {device_id}", detail)
    return wanted


def rotate_password(connection: Connection, device_id: str, *, actor: str) -> str:
    """Give a device another broker password; the old one ends with the broker's next reload. The new one.

    Raises:
        NotPossible: there is no such device in service.
    """
    _in_service(connection, device_id)
    password = new_password()
    set_password(connection, device_id, password_hash(password))
    audit.record(connection, actor, "device.rotate", f"device {device_id}", {})
    return password


def replace_device(
    connection: Connection, old_id: str, new_id: str, given: Mapping[str, Any], *, actor: str
) -> tuple[Device, str]:
    """Let a new device take an old one's place: its site, its bindings, its profile. The new device, and its password.

    The old one is retired. Its readings stay under its own name, and each names the other (`replaces`).

    Raises:
        NotPossible: there is no such old device in service, or the new one's name is taken or no name.
    """
    old = _in_service(connection, old_id)
    if new_id in find_devices(connection, [new_id]):
        raise NotPossible(f"there is a device {new_id} already; a device that takes another's place is a new one")
    new = replace(old, device_id=new_id, replaces=old_id, **given)
    if wrong := validation_errors(connection, [new], {}):
        raise NotPossible(join_findings(wrong, "nothing was registered"))
    password = new_password()
    register(connection, [(new, password_hash(password))])
    copy_bindings(connection, old_id, new_id)
    retire(connection, old_id)
    audit.record(connection, actor, "device.replace", f"device {old_id}", {"by": new_id})
    audit.record(connection, actor, "device.add", f"device {new_id}", {"replaces": old_id})
    return new, password


def retire_device(connection: Connection, device_id: str, *, actor: str) -> None:
    """Take a device out of service: its account ends, what it sends goes to quarantine. Its readings stay.

    Raises:
        NotPossible: there is no such device in service.
    """
    _in_service(connection, device_id)
    retire(connection, device_id)
    audit.record(connection, actor, "device.retire", f"device {device_id}", {})


def _in_service(connection: Connection, device_id: str) -> Device:
    device = find_devices(connection, [device_id]).get(device_id)
    if device is None or device.retired_at is not None:
        raise NotPossible(f"no device {device_id} is in service; `rencheng device list` shows which are")
    return device
