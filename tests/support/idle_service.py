"""A service for tests: it prints its words, then waits for SIGTERM. IDLE_EXIT ends it at once with this status."""

import os
import sys

from rencheng.runtime.lifecycle import stop_on_signals

if __name__ == "__main__":
    stop = stop_on_signals()
    sys.stdout.write(os.environ.get("IDLE_PRINTS", "ready") + "\n")
    sys.stdout.flush()
    if "IDLE_EXIT" in os.environ:
        sys.exit(int(os.environ["IDLE_EXIT"]))
    stop.wait()
