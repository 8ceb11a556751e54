"""Keep the broker's password file equal to the registry of devices and gateways."""

import threading
from collections.abc import Callable

from rencheng.devices.registration import write_account_file
from rencheng.devices.retained import CLEAR_AFTER_S, RetainedClearing
from rencheng.domain.heartbeat import Part
from rencheng.heartbeats import HeartbeatWriter, TurnClock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.commands.actuators import actuator_hashes
from rencheng.store.core.database import Connection, Engine, open_database, translate_errors
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import password_hashes
from rencheng.store.registry.gateways import load_gateways

CHECK_EVERY_S = 1.0
"""Changes within this time cause one write and one reload of the broker."""

log = get_logger("accounts")


def all_hashes(connection: Connection) -> list[tuple[str, str]]:
    """Return (account, hash) of gateways, devices, and devices that take commands."""
    gateways = [(gateway.account, hashed) for gateway, hashed in load_gateways(connection)]
    return gateways + password_hashes(connection) + actuator_hashes(connection)


def maintain_accounts(
    database_url: str,
    accounts: BrokerAccounts,
    stop: threading.Event,
    *,
    on_written: Callable[[], object] = lambda: None,
    check_every_s: float = CHECK_EVERY_S,
    clear_after_s: float = CLEAR_AFTER_S,
) -> None:
    """Write the file now and after every change of devices or gateways, until asked to stop.

    Args:
        database_url: the database with the registry.
        accounts: the services' passwords, and the path of the file.
        stop: set when the process is asked to stop.
        on_written: called after each write, to reload the broker.
        check_every_s: seconds between two checks.
        clear_after_s: seconds from a change to the clearing of retained messages, if RENCHENG_MQTT_URL is set.

    Raises:
        Misconfigured: the file cannot be written.
    """
    engine = open_database(database_url, name="rencheng-accounts")
    registry = RegistryCache(engine, all_hashes)
    turns = TurnClock()
    with HeartbeatWriter(database_url, Part.ACCOUNTS, figures=lambda: {"turn_age_s": turns.age_s}):
        clearing = RetainedClearing(engine, accounts, after_s=clear_after_s)
        _maintain(engine, registry, accounts, stop, turns, on_written, check_every_s, clearing)
    registry.close()
    engine.dispose()


def _maintain(
    engine: Engine,
    registry: RegistryCache[list[tuple[str, str]]],
    accounts: BrokerAccounts,
    stop: threading.Event,
    turns: TurnClock,
    on_written: Callable[[], object],
    check_every_s: float,
    clearing: RetainedClearing,
) -> None:
    written: list[tuple[str, str]] | None = None
    while True:
        with tolerate_outage(log, "the accounts stay as they were"):
            hashes = registry.current()
            if hashes != written:
                with translate_errors():
                    log.info("accounts written", accounts=write_account_file(engine, accounts))
                on_written()
                written = hashes
                clearing.after_change()
            clearing.clear_if_due()
        turns.turned()
        if stop.wait(check_every_s):
            break
