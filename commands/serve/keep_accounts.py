"""Keep the local broker's accounts in step with the registry. `rencheng serve` runs it as a process."""

import sys

from local_stack.stack import reload_broker
from rencheng.devices.broker_accounts import maintain_accounts
from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import get_logger, set_up_logs
from rencheng.runtime.settings import BrokerAccounts, DatabaseSettings, checkout

log = get_logger("accounts")


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        accounts = BrokerAccounts.load()
    except Misconfigured as error:  # a broker that is not ours has accounts of its own
        log.warning("the broker's accounts are left to others", why=str(error))
        stop.wait()
        return
    try:
        url = DatabaseSettings.load().database_url
        maintain_accounts(url, accounts, stop, on_written=lambda: reload_broker(checkout()))
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
