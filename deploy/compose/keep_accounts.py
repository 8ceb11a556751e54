#!/usr/bin/env python3
"""Keep the broker's password file as the registry of devices is, whoever changes it.

The broker's container looks at the file (mosquitto/run.sh), so that a new device can log in three seconds later.
"""

import sys
import threading

from rencheng.domain.errors import Misconfigured, StoreUnavailable
from rencheng.enrolment import write_accounts
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import get_logger, set_up_logs
from rencheng.runtime.settings import BrokerAccounts, DatabaseSettings
from rencheng.store.database import in_our_words, open_database
from rencheng.store.devices import password_hashes
from rencheng.store.watch import Watched

LOOK_EVERY_S = 1.0

log = get_logger("accounts")


def keep(database_url: str, accounts: BrokerAccounts, stop: threading.Event) -> None:
    """Write the file, and again whenever a device comes or goes, until asked to stop."""
    engine = open_database(database_url, name="rencheng-accounts")
    registry = Watched(engine, password_hashes)
    written: list[tuple[str, str]] | None = None
    while True:
        try:
            devices = registry.current()
            if devices != written:
                with in_our_words():
                    log.info("accounts written", accounts=write_accounts(engine, accounts))
                written = devices
        except StoreUnavailable as away:
            log.warning("database away", why=str(away))
        if stop.wait(LOOK_EVERY_S):
            break
    registry.close()
    engine.dispose()


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        keep(DatabaseSettings.load().database_url, BrokerAccounts.load(), stop)
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
