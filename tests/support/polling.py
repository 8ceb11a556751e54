"""Wait for something that another thread, process or server does."""

import time
from collections.abc import Callable
from typing import Any


def eventually(question: Callable[[], Any], expected: Any = True, *, within_s: float = 20) -> None:
    """Ask until the answer is the expected one.

    Raises:
        AssertionError: it was not within the time; the message shows the last answer.
    """
    until_s = time.monotonic() + within_s
    while (answer := question()) != expected and time.monotonic() < until_s:
        time.sleep(0.01)
    assert answer == expected, answer
