#!/usr/bin/env python3
"""Keep the broker's password file in step with the registry.

The broker's container watches the file (mosquitto/run.sh), so that a new device can log in three seconds later.
"""

import sys

from rencheng.devices.broker_accounts import maintain_accounts
from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from rencheng.runtime.settings import BrokerAccounts, DatabaseSettings


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        maintain_accounts(DatabaseSettings.load().database_url, BrokerAccounts.load(), stop)
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
