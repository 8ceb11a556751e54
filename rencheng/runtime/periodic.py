"""A thread that does one thing at an interval."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class PeriodicThread:
    """A thread that calls a function at an interval until it is stopped. As a context it runs for the time of it.

    Args:
        work: the function; an error in it ends the thread.
        every_s: seconds between the end of one call and the next.
        name: of the thread.
    """

    def __init__(self, work: Callable[[], object], every_s: float, *, name: str) -> None:
        self._work = work
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the thread, and wait until it has ended."""
        self.stop()
        self._thread.join()

    def start(self) -> None:
        """Start the thread; the first call comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, without waiting."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._work()
