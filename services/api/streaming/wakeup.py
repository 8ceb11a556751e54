"""Wake the coroutines of all streams at once, without a lost wake-up."""

import asyncio
from contextlib import suppress


class WakeUp:
    """A version counter that coroutines wait on. All methods run on the event loop.

    A stream notes the version before it looks for messages, and waits for another version afterwards. A change between
    the two ends the wait at once.
    """

    def __init__(self) -> None:
        self.version = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Count one change, and wake all waiters."""
        self.version += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for_change(self, seen_version: int, timeout_s: float) -> None:
        """Return when the version differs from the one seen, or after the timeout."""
        if self.version != seen_version:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await waiter
        finally:
            self._waiters.discard(waiter)
