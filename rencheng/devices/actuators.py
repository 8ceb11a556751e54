"""Register, change and retire devices that take commands, and set their passwords."""

from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.region import code_includes
from rencheng.domain.reserved_names import why_reserved
from rencheng.messaging.mqtt.accounts import new_password, password_hash
from rencheng.operations.commands import apply, lock_device
from rencheng.operations.differences import differences
from rencheng.operations.worlds import require_worlds
from rencheng.response.commands.forms import ActuatorForm
from rencheng.response.commands.inputs import DeviceChanged
from rencheng.response.commands.verbs import READING_KINDS
from rencheng.store.access import audit
from rencheng.store.commands.actuators import Actuator, lock_actuator, retire_actuator, write_actuator
from rencheng.store.commands.commands import lock_command, open_commands
from rencheng.store.core.database import Connection
from rencheng.store.registry.devices import ensure_region, find_devices
from rencheng.store.registry.sites import find_sites


def save_actuator(connection: Connection, form: ActuatorForm, *, actor: str) -> str | None:
    """Register or change a device. Return its new broker password, which is shown once; None if it has one already.

    Piles, signals and gauges are registered as devices before, and keep their account. A change voids approvals.

    Raises:
        NotPossible: the name is in use, the device or the site does not fit, or its kind or world would change.
    """
    lock_device(connection, form.device_id)
    known = lock_actuator(connection, form.device_id)
    _check(connection, form, known)
    wanted = form.model_copy(update={"verbs": tuple(sorted(form.taken))})
    if known is not None and known.retired_at is None and known.form() == wanted:
        return None
    ensure_region(connection, form.region)
    needs_account = form.kind not in READING_KINDS and (known is None or known.retired_at is not None)
    password = new_password() if needs_account else None
    hashed = None if password is None else password_hash(password)
    write_actuator(connection, form, password_hash=hashed, made_by=actor)
    _void_approvals(connection, form.device_id, known)
    before = {} if known is None else known.form().model_dump(mode="json")
    action = "actuator.add" if known is None else "actuator.change"
    audit.record(
        connection, actor, action, f"actuator {form.device_id}", differences(before, wanted.model_dump(mode="json"))
    )
    return password


def take_out_of_service(connection: Connection, device_id: str, *, actor: str) -> None:
    """Retire a device: its account ends, and commands to it that were not sent are stopped.

    Raises:
        NotPossible: no such device is in service.
    """
    lock_device(connection, device_id)
    known = lock_actuator(connection, device_id)
    if known is None or known.retired_at is not None:
        raise NotPossible(
            f"{device_id} is not in service; `rencheng actuator list` shows all devices that take commands"
        )
    retire_actuator(connection, device_id)
    _void_approvals(connection, device_id, known)
    audit.record(connection, actor, "actuator.retire", f"actuator {device_id}", {})


def _void_approvals(connection: Connection, device_id: str, known: Actuator | None) -> None:
    if known is None:
        return
    for command_id in open_commands(connection, device_id):
        locked = lock_command(connection, command_id)
        if locked is not None:
            apply(connection, *locked, DeviceChanged(known.version + 1))


def _check(connection: Connection, form: ActuatorForm, known: Actuator | None) -> None:
    if why := why_reserved(form.device_id):
        raise NotPossible(why)
    require_worlds(connection, [form.world])
    if known is not None and (known.kind, known.world) != (form.kind, form.world):
        raise NotPossible(
            f"{form.device_id} is registered as {known.kind} in the world {known.world}; register another name"
        )
    _check_device(form, find_devices(connection, [form.device_id]).get(form.device_id))
    if form.site_id is not None:
        site = find_sites(connection, [form.site_id]).get(form.site_id)
        if site is None or site.world != form.world or not code_includes(form.region, site.region):
            raise NotPossible(f"there is no site {form.site_id} in {form.region} of the world {form.world}")


def _check_device(form: ActuatorForm, device: Device | None) -> None:
    kind = READING_KINDS.get(form.kind)
    if kind is None and device is not None:
        raise NotPossible(f"{form.device_id} is the name of a device that sends readings; choose another name")
    if kind is None:
        return
    if device is None or device.retired_at is not None:
        raise NotPossible(f"no device {form.device_id} is in service; register it with `rencheng device add` before")
    if (device.kind, device.region, device.world) != (kind, form.region, form.world):
        raise NotPossible(
            f"{form.device_id} is registered as {device.kind} in {device.region} of the world {device.world}"
        )
