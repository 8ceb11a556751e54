"""Start one ingest receiver: `python -m services.ingest`."""

import sys

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from services.ingest.app import run
from services.ingest.processing.writer import Stopped
from services.ingest.settings import IngestSettings


def main() -> None:
    """Run until asked to stop."""
    set_up_logs()
    stop = stop_on_signals()
    try:
        run(IngestSettings.load(), stop)
    except Misconfigured as error:
        sys.exit(str(error))
    except Stopped:
        pass


if __name__ == "__main__":
    main()
