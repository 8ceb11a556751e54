"""Stop when asked: SIGTERM and SIGINT set a flag that loops look at."""

import gc
import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """An event that is set when the process is asked to stop."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def tune_garbage_collection() -> None:
    """Have Python look for garbage in circles seldom, and never again among what there is already.

    A busy service makes millions of short-lived objects and no circles; looked through every 700 of them, all that
    waits for a commit is looked at again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
