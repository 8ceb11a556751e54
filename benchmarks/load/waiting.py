"""Wait for a condition."""

import time
from collections.abc import Callable

POLL_S = 0.05


def wait_until(holds: Callable[[], bool], *, within_s: float, poll_s: float = POLL_S) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not in time.
    """
    until_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError(f"not within {within_s:.0f} s")
        time.sleep(poll_s)
