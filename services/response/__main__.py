"""Start the response service: `python -m services.response`."""

import sys

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from services.response.app import run
from services.response.settings import ResponseSettings


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        run(ResponseSettings.load(), stop)
    except Misconfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
