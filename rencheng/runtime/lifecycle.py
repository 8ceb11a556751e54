"""Start and stop of a process: SIGTERM and SIGINT set a flag that loops check."""

import gc
import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def tune_garbage_collection() -> None:
    """Run the cyclic garbage collector rarely, and never on the objects that exist now.

    A busy service creates millions of short-lived objects and no reference cycles. With Python's default of 700 objects
    the collector would scan all readings that wait for a commit again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
