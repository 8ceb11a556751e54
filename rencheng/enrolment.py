"""Let devices in: registered in the database, and with an account of their own at the broker."""

from collections.abc import Sequence
from dataclasses import replace

from rencheng.broker.accounts import SERVICE_PREFIX, new_password, password_hash, write_password_file
from rencheng.codecs.registry import CODECS
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import IDENTIFIER, REGION
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.database import Engine
from rencheng.store.devices import password_hashes, register


def enrol(engine: Engine, devices: Sequence[Device]) -> dict[str, str]:
    """Register devices, each with a new broker password; the passwords by device.

    Only their hashes are kept, so this is the one time that they can be read. The broker knows them after
    `write_accounts` and a reload.

    Raises:
        NotPossible: a name that no device may bear, a codec that nobody has, or a region that is no GB/T 2260 code.
    """
    for device in devices:
        _check(device)
    passwords = {device.device_id: new_password() for device in devices}
    with engine.begin() as connection:
        register(connection, [(replace(d, retired_at=None), password_hash(passwords[d.device_id])) for d in devices])
    return passwords


def write_accounts(engine: Engine, accounts: BrokerAccounts) -> int:
    """Write the broker's password file anew: the services, and every device in service. How many accounts there are.

    Raises:
        Misconfigured: the file cannot be written.
    """
    services = [
        ("ingest", accounts.mqtt_ingest_password),
        ("alerts", accounts.mqtt_alerts_password),
        ("operator", accounts.mqtt_operator_password),
    ]
    hashes = [(f"{SERVICE_PREFIX}{name}", password_hash(secret.get_secret_value())) for name, secret in services]
    with engine.connect() as connection:
        hashes += password_hashes(connection)
    write_password_file(accounts.mqtt_password_file, hashes)
    return len(hashes)


def _check(device: Device) -> None:
    if not IDENTIFIER.fullmatch(device.device_id):
        raise NotPossible(
            f"{device.device_id!r} cannot be a device's name: 1 to 64 letters, digits, dots, dashes or"
            " underscores, beginning with a letter or digit"
        )
    if device.device_id.startswith(SERVICE_PREFIX):
        raise NotPossible(f"{device.device_id!r} begins like a service's name; no device may, it would get its rights")
    if device.codec not in CODECS:
        raise NotPossible(f"there is no codec {device.codec!r}; there is {', '.join(sorted(CODECS))}")
    if not REGION.fullmatch(device.region):
        raise NotPossible(f"{device.region!r} is not a six-digit GB/T 2260 code, such as 370102 for Lixia, Jinan")
