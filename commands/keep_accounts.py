"""Keep the local broker's accounts as the register is: `python -m commands.keep_accounts`, run by `rencheng serve`."""

import sys

from local_stack.stack import reload_broker
from rencheng.account_keeper import keep_accounts
from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from rencheng.runtime.settings import BrokerAccounts, DatabaseSettings, checkout


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        url, accounts = DatabaseSettings.load().database_url, BrokerAccounts.load()
        keep_accounts(url, accounts, stop, then=lambda: reload_broker(checkout()))
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
