"""Jumps of the database's clock: find them, and keep messages from being struck or held by them."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from rencheng.store.core.database import database_now
from rencheng.store.response.leases import LEASE

JUMP = timedelta(seconds=30)
"""A smaller difference is a slow answer or a correction. Source: a lease, the shortest time by the clock."""

_LATER = text("UPDATE dispatches SET expires_at = expires_at + :jump WHERE state IN ('due', 'leased')")
_AT_ONCE = text("UPDATE dispatches SET due_at = clock_timestamp() WHERE state = 'due' AND due_at > clock_timestamp()")
_SHORTER = text(
    "UPDATE dispatches SET lease_until = clock_timestamp() + :lease"
    " WHERE state = 'leased' AND lease_until > clock_timestamp() + :lease"
)
_NO_PAUSE = text("UPDATE contact_methods SET retry_at = NULL WHERE retry_at > clock_timestamp()")


def since_boot_s() -> float:
    """Return seconds since the start of the machine, with those that it slept."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """Compares the advance of the database's clock with that of a clock that never jumps."""

    def __init__(self, seconds: Callable[[], float] = since_boot_s) -> None:
        self._seconds = seconds
        self._last: tuple[datetime, float] | None = None

    def jump(self, connection: Connection) -> timedelta:
        """Return by how much the clock jumped since the last call, mostly zero, and mend what waits for it.

        A jump ahead strikes no message that is still due; one back makes nothing wait for longer.
        """
        now, seconds = database_now(connection), self._seconds()
        last, self._last = self._last, (now, seconds)
        if last is None:
            return timedelta()
        jump = now - last[0] - timedelta(seconds=seconds - last[1])
        if abs(jump) < JUMP:
            return timedelta()
        survive_jump(connection, jump)
        return jump


def survive_jump(connection: Connection, jump: timedelta) -> None:
    """Mend the times of what waits after the clock jumped."""
    if jump > timedelta():
        connection.execute(_LATER, {"jump": jump})
        return
    connection.execute(_AT_ONCE)
    connection.execute(_SHORTER, {"lease": LEASE})
    connection.execute(_NO_PAUSE)
