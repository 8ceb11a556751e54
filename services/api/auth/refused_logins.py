"""Refused logins in the audit log, bounded so that nobody can flood it.

The first refusal of an address and key is recorded at once, further ones within a minute as one entry with their
number. Of each minute at most `NAMED_MAX` pairs are named; the others are counted together.
"""

from collections import Counter
from threading import Event, Lock, Thread

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.clock import SYSTEM_CLOCK
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from rencheng.store.access import audit
from rencheng.store.core.sessions import Database

PERIOD_S = 60.0
"""The time in which refusals of one address and key are counted together."""

NAMED_MAX = 20
"""The most pairs of address and key that are named in a period."""

OTHERS = ("other addresses", "")

log = get_logger("api")


class RefusedLogins:
    """Counts refused logins, and writes them to the audit log from a thread of its own."""

    def __init__(self, database: Database, *, period_s: float = PERIOD_S) -> None:
        self._database = database
        self._period_s = period_s
        self._lock = Lock()
        self._first: Counter[tuple[str, str]] = Counter()
        self._further: Counter[tuple[str, str]] = Counter()
        self._named: set[tuple[str, str]] = set()
        self._wake_up = Event()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="refused-logins", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is counted, and stop."""
        self._stop.set()
        self._wake_up.set()
        if self._thread.is_alive():
            self._thread.join()

    def count(self, address: str, key_id: str) -> None:
        """Count a refusal. `key_id` is the part of the token that is no secret; empty if the token has none."""
        pair = (address, key_id)
        with self._lock:
            if pair in self._named:
                self._further[pair] += 1
            elif len(self._named) < NAMED_MAX:
                self._named.add(pair)
                self._first[pair] += 1
                self._wake_up.set()
            else:
                self._further[OTHERS] += 1

    def _run(self) -> None:
        period = Every(self._period_s, SYSTEM_CLOCK, at_once=False)
        while not self._stop.is_set():
            self._wake_up.wait(self._period_s)
            self._wake_up.clear()
            self._write(self._take(self._first), since_s=0)
            if period.take() or self._stop.is_set():
                self._write(self._take(self._further), since_s=self._period_s)
                with self._lock:
                    self._named.clear()

    def _take(self, counter: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
        with self._lock:
            taken = dict(counter)
            counter.clear()
        return taken

    def _write(self, counted: dict[tuple[str, str], int], *, since_s: float) -> None:
        if not counted:
            return
        try:
            with self._database.write() as connection:
                for (address, key_id), times in counted.items():
                    detail = {"key_id": key_id or None, "times": times, "within_s": since_s}
                    audit.record(connection, f"address {address}", "login.refused", f"key {key_id or '?'}", detail)
        except StoreUnavailable as error:
            log.warning("refused logins not recorded", pairs=len(counted), why=str(error))
