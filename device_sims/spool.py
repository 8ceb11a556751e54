"""A device's own storage: messages that it keeps until the platform has settled them."""

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rencheng.domain.receipt import message_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    readings INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class SpooledMessage:
    """A message in the spool. Numbers only grow and are never reused."""

    number: int
    payload: bytes
    readings: int


class Spool:
    """Messages in an SQLite file. Safe between threads.

    An added message survives SIGKILL and a power cut.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_SCHEMA)

    def add(self, payload: bytes, *, readings: int) -> int | None:
        """Store a message. Return its number, or None if the same message is stored already."""
        with self._lock:
            kept = self._database.execute(
                "INSERT INTO messages (message_id, payload, readings) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (message_id(payload), payload, readings),
            )
            return kept.lastrowid if kept.rowcount else None

    def find(self, number: int) -> SpooledMessage | None:
        """Return a message that is not settled; None if there is no such message."""
        with self._lock:
            row = self._database.execute(
                "SELECT number, payload, readings FROM messages WHERE number = ?", (number,)
            ).fetchone()
        return SpooledMessage(*row) if row else None

    def between(self, after: int, before: int, *, at_most: int) -> list[int]:
        """Return the first numbers between two numbers, both excluded."""
        query = "SELECT number FROM messages WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
        with self._lock:
            return [number for (number,) in self._database.execute(query, (after, before, at_most))]

    def settle(self, message_ids: Iterable[str]) -> list[int]:
        """Delete messages that the platform has settled. Return the numbers of those that were stored."""
        settled: list[int] = []
        with self._lock:
            self._database.execute("BEGIN")
            for name in message_ids:
                query = "DELETE FROM messages WHERE message_id = ? RETURNING number"
                settled += [number for (number,) in self._database.execute(query, (name,))]
            self._database.execute("COMMIT")
        return settled

    def __len__(self) -> int:
        """Return the number of stored messages."""
        with self._lock:
            (count,) = self._database.execute("SELECT count(*) FROM messages").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
