"""Register devices and gateways in the database, and write their broker accounts."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from rencheng.checks.gauge import wrong_no_return_codes, wrong_steps
from rencheng.codecs.registry import CODECS
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.gateway import Gateway
from rencheng.domain.region import has_province
from rencheng.domain.reserved_names import why_reserved
from rencheng.domain.topic import IDENTIFIER, REGION
from rencheng.messaging.mqtt.accounts import SERVICE_PREFIX, alone_at, new_password, password_hash, write_password_file
from rencheng.messaging.mqtt.gateway_access import write_access_rules
from rencheng.operations.differences import differences, tag_of
from rencheng.operations.sites import lost_gauges, require_confirmation
from rencheng.operations.worlds import require_worlds
from rencheng.runtime.settings import BrokerAccounts
from rencheng.schemas.device import DeviceForm
from rencheng.schemas.findings import join_findings
from rencheng.store.access import audit
from rencheng.store.commands.actuators import actuator_hashes, own_accounts
from rencheng.store.core.database import Connection, Engine
from rencheng.store.registry.bindings import depth_gauges
from rencheng.store.registry.device_changes import worlds_of_sites
from rencheng.store.registry.devices import ensure_region, find_devices, password_hashes, register
from rencheng.store.registry.gateways import load_gateways, register_gateway, remove_gateway

HASHED_AT_ONCE = 500

OnHashed = Callable[[int], None]
"""Receives the number of passwords hashed so far."""


@dataclass(frozen=True, slots=True)
class RegistrationResult:
    """The result of registering a list of devices.

    Attributes:
        passwords: of the new devices. Only hashes are stored, so this is the only time that they are readable.
        changed: registered devices with a changed profile.
        unchanged: the number of registered devices without a change.
    """

    passwords: Mapping[str, str] = field(default_factory=dict)
    changed: Sequence[str] = ()
    unchanged: int = 0


def register_devices(engine: Engine, devices: Sequence[Device]) -> dict[str, str]:
    """Register devices, each with a new broker password, and return the passwords by device.

    Only hashes are stored, so this is the only time that the passwords are readable. The broker accepts them after
    `write_account_file` and a reload.

    Raises:
        NotPossible: an invalid name, an unknown codec, or a region that is no GB/T 2260 code.
    """
    for device in devices:
        _check(device)
    passwords = {device.device_id: new_password() for device in devices}
    with engine.begin() as connection:
        register(connection, [(replace(d, retired_at=None), password_hash(passwords[d.device_id])) for d in devices])
    return passwords


def register_forms(
    connection: Connection,
    forms: Sequence[DeviceForm],
    *,
    actor: str,
    confirm: bool = False,
    on_passwords: Callable[[Mapping[str, str]], None] = lambda _passwords: None,
    on_hashed: OnHashed = lambda _done: None,
) -> RegistrationResult:
    """Register a list of devices, all or none. It may be repeated: registered devices keep their password.

    Args:
        connection: the transaction.
        forms: the devices; a field that a form leaves out stays as it is.
        actor: the actor for the audit.
        confirm: whether a site may lose its last depth gauge.
        on_passwords: receives the new passwords before the commit, so that none is lost if it fails.
        on_hashed: receives the progress of hashing, which takes most of the time.

    Raises:
        NotPossible: with the faults of the devices, up to twenty.
        ConfirmationRequired: a site loses its last depth gauge.
    """
    gauges = depth_gauges(connection)
    known = find_devices(connection, [form.device_id for form in forms])
    wanted = [form.to_device(known.get(form.device_id)) for form in forms]
    if wrong := validation_errors(connection, wanted, known):
        raise NotPossible(join_findings(wrong, "nothing was registered"))
    for region in sorted({device.region for device in wanted}):
        ensure_region(connection, region)
    require_worlds(connection, [device.world for device in wanted])
    new = [device for device in wanted if device.device_id not in known]
    changed = [device for device in wanted if known.get(device.device_id, device) != device]
    passwords = {device.device_id: new_password() for device in new}
    hashes = _hashed(list(passwords.values()), on_hashed)
    register(connection, [*zip(new, hashes, strict=True), *((device, None) for device in changed)])
    require_confirmation(lost_gauges(connection, gauges), confirm=confirm)
    _record_audit(connection, actor, new, changed, known)
    on_passwords(passwords)
    return RegistrationResult(
        passwords, [device.device_id for device in changed], len(wanted) - len(new) - len(changed)
    )


def register_gateway_account(engine: Engine, gateway: Gateway, *, actor: str) -> str:
    """Register a gateway and return its new broker password. Only a hash is stored.

    Raises:
        NotPossible: its region is no GB/T 2260 code.
    """
    _check_region(gateway.region)
    password = new_password()
    with engine.begin() as connection:
        ensure_region(connection, gateway.region)
        register_gateway(connection, gateway, password_hash(password))
        audit.record(connection, actor, "gateway.add", f"gateway {gateway.account}", {})
    return password


def remove_gateway_account(connection: Connection, gateway: Gateway, *, actor: str) -> None:
    """Remove a gateway's account. Its devices stay registered.

    Raises:
        NotPossible: there is no such gateway.
    """
    if not remove_gateway(connection, gateway):
        where = f"{gateway.kind} in {gateway.region}"
        raise NotPossible(f"there is no gateway for {where}; `rencheng gateway list` shows them all")
    audit.record(connection, actor, "gateway.remove", f"gateway {gateway.account}", {})


def write_account_file(engine: Engine, accounts: BrokerAccounts) -> int:
    """Write the broker's password file (services, gateways, devices in service) and the access rules of gateways.

    Returns:
        The number of accounts.

    Raises:
        Misconfigured: the file cannot be written.
    """
    services = [
        ("ingest", accounts.mqtt_ingest_password),
        ("alerts", accounts.mqtt_alerts_password),
        ("operator", accounts.mqtt_operator_password),
    ]
    if accounts.mqtt_response_password is not None:
        services.append(("response", accounts.mqtt_response_password))
    hashes = [(f"{SERVICE_PREFIX}{name}", password_hash(secret.get_secret_value())) for name, secret in services]
    with alone_at(accounts.mqtt_password_file):
        with engine.connect() as connection:
            gateways = load_gateways(connection)
            hashes += [(gateway.account, hashed) for gateway, hashed in gateways]
            hashes += password_hashes(connection)
            hashes += actuator_hashes(connection)
        write_access_rules(accounts.mqtt_password_file, [gateway for gateway, _ in gateways])
        write_password_file(accounts.mqtt_password_file, hashes)
    return len(hashes)


def validation_errors(connection: Connection, wanted: Sequence[Device], known: Mapping[str, Device]) -> list[str]:
    """Return the faults of devices, in sentences that name them."""
    taken = own_accounts(connection, [device.device_id for device in wanted])
    wrong = [f"{name}: it is the name of a device that takes commands; choose another" for name in taken]
    for device in wanted:
        before = known.get(device.device_id)
        try:
            _check(device)
        except NotPossible as error:
            wrong.append(f"{device.device_id}: {error}")
        if before is not None and before.retired_at is not None:
            retired = before.retired_at.isoformat()
            wrong.append(f"{device.device_id}: retired at {retired}; `rencheng device add` brings it back")
        elif before is not None and (before.kind, before.world) != (device.kind, device.world):
            wrong.append(
                f"{device.device_id}: it is registered as {before.kind} in the world {before.world} and has readings;"
                " retire it, and register a new name"
            )
    return wrong + _site_errors(connection, wanted)


def _site_errors(connection: Connection, wanted: Sequence[Device]) -> list[str]:
    named = {device.site_id for device in wanted if device.site_id is not None}
    worlds = worlds_of_sites(connection, named)
    wrong = []
    for device in wanted:
        if device.site_id is not None and worlds.get(device.site_id, device.world) != device.world:
            wrong.append(f"{device.device_id}: site {device.site_id} is in the world {worlds[device.site_id]}")
        elif device.site_id is not None and device.site_id not in worlds:
            wrong.append(f"{device.device_id}: there is no site {device.site_id}; `rencheng site list` lists all sites")
    return wrong


def _hashed(passwords: Sequence[str], say: OnHashed) -> list[str]:
    """Hash passwords in threads, because hashing releases the GIL: ten thousand take a second on two cores."""
    hashes: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for begin in range(0, len(passwords), HASHED_AT_ONCE):
            hashes += pool.map(password_hash, passwords[begin : begin + HASHED_AT_ONCE])
            say(len(hashes))
    return hashes


def device_values(device: Device) -> dict[str, object]:
    """Return the profile of a device as the audit log records it."""
    lists = {"no_return_codes": list(device.no_return_codes), "steps_mm": list(device.steps_mm)}
    values = asdict(device) | lists | {"measures": device.measures.value}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def device_tag(device: Device) -> str:
    """Return a tag that changes with every change of a device's registration."""
    return tag_of(device_values(device))


def _record_audit(
    connection: Connection,
    actor: str,
    new: Sequence[Device],
    changed: Sequence[Device],
    known: Mapping[str, Device],
) -> None:
    """Record one device by its values, a list by the names of new devices and the values that changed."""
    if len(new) + len(changed) == 1:
        [device] = [*new, *changed]
        before = device_values(known[device.device_id]) if changed else {}
        detail: dict[str, object] = dict(differences(before, device_values(device)))
        audit.record(connection, actor, "device.add" if new else "device.change", f"device {device.device_id}", detail)
    elif new or changed:
        detail = {
            "new": [device.device_id for device in new],
            "changed": {
                device.device_id: differences(device_values(known[device.device_id]), device_values(device))
                for device in changed
            },
        }
        audit.record(connection, actor, "device.import", "devices", detail)


def _check(device: Device) -> None:
    if not IDENTIFIER.fullmatch(device.device_id):
        raise NotPossible(
            f"{device.device_id!r} cannot be a device's name: 1 to 64 letters, digits, dots, dashes or"
            " underscores, beginning with a letter or digit"
        )
    if why := why_reserved(device.device_id) or why_reserved(device.world, is_world=True):
        raise NotPossible(why)
    if device.codec not in CODECS:
        raise NotPossible(f"there is no codec {device.codec!r}; known codecs: {', '.join(sorted(CODECS))}")
    _check_region(device.region)
    if why := wrong_steps(device):
        raise NotPossible(why)
    if wrong := wrong_no_return_codes(device):
        raise NotPossible(
            f"no-return code {', '.join(f'{code:g}' for code in wrong)}: the gauge measures such a distance, so good"
            f" readings would count as missing; a code lies within the blind zone ({device.blind_zone_mm or 0:g} mm) or"
            f" beyond the mounting height ({device.depth_max_mm:g} mm)"
        )


def _check_region(region: str) -> None:
    if not REGION.fullmatch(region) or not has_province(region):
        raise NotPossible(f"{region!r} is not a six-digit GB/T 2260 code, such as 370102 for Lixia, Jinan")
