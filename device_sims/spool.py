"""A device's own memory: messages that it keeps until the platform has told that they are settled."""

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
    """A message in the spool. Numbers only grow, and none is given twice."""

    number: int
    payload: bytes
    readings: int


class Spool:
    """Messages in an SQLite file, written once when they are kept and once when they are settled. Safe between threads.

    What `keep` returned from survives a kill -9 and a power cut.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_SCHEMA)

    def add(self, payload: bytes, *, readings: int) -> int | None:
        """Keep a message; its number. None if it is kept already: it would say the same."""
        with self._lock:
            kept = self._database.execute(
                "INSERT INTO messages (message_id, payload, readings) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (message_id(payload), payload, readings),
            )
            return kept.lastrowid if kept.rowcount else None

    def find(self, number: int) -> SpooledMessage | None:
        """A message, if it is not settled."""
        with self._lock:
            row = self._database.execute(
                "SELECT number, payload, readings FROM messages WHERE number = ?", (number,)
            ).fetchone()
        return SpooledMessage(*row) if row else None

    def between(self, after: int, before: int, *, at_most: int) -> list[int]:
        """The first numbers that are kept, both ends left out."""
        query = "SELECT number FROM messages WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
        with self._lock:
            return [number for (number,) in self._database.execute(query, (after, before, at_most))]

    def settle(self, message_ids: Iterable[str]) -> list[int]:
        """Forget these: the platform has them. The numbers of those that were here."""
        settled: list[int] = []
        with self._lock:
            self._database.execute("BEGIN")
            for name in message_ids:
                query = "DELETE FROM messages WHERE message_id = ? RETURNING number"
                settled += [number for (number,) in self._database.execute(query, (name,))]
            self._database.execute("COMMIT")
        return settled

    def __len__(self) -> int:
        """How many messages are kept."""
        with self._lock:
            (count,) = self._database.execute("SELECT count(*) FROM messages").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
