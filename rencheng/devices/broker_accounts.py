"""Keeps the broker's password file as the register of devices is."""

import threading
from collections.abc import Callable

from rencheng.devices.registration import write_account_file
from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.core.database import Connection, open_database, translate_errors
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import password_hashes
from rencheng.store.registry.gateways import load_gateways

LOOK_EVERY_S = 1.0
"""Changes within this time are one writing, and one reload of the broker."""

log = get_logger("accounts")


def all_hashes(connection: Connection) -> list[tuple[str, str]]:
    """(account, hash) of gateways and devices."""
    return [(one.account, hashed) for one, hashed in load_gateways(connection)] + password_hashes(connection)


def maintain_accounts(
    database_url: str,
    accounts: BrokerAccounts,
    stop: threading.Event,
    *,
    on_written: Callable[[], object] = lambda: None,
) -> None:
    """Write the file, and again whenever a device or gateway comes or goes, until asked to stop.

    Args:
        database_url: where the register is.
        accounts: the services' passwords, and where the file is.
        stop: set when the process is asked to stop.
        on_written: called after each writing, to have the broker read it.

    Raises:
        Misconfigured: the file cannot be written.
    """
    engine = open_database(database_url, name="rencheng-accounts")
    registry = RegistryCache(engine, all_hashes)
    written: list[tuple[str, str]] | None = None
    while True:
        try:
            devices = registry.current()
            if devices != written:
                with translate_errors():
                    log.info("accounts written", accounts=write_account_file(engine, accounts))
                on_written()
                written = devices
        except StoreUnavailable as away:
            log.warning("database away", why=str(away))
        if stop.wait(LOOK_EVERY_S):
            break
    registry.close()
    engine.dispose()
