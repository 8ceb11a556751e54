"""The ledger of a fleet: every published message by key, as CSV for an audit."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from device_sims.fleet.plan import FleetMember
from device_sims.fleet.schedule import ExpectedResult, ScheduledMessage

COLUMNS = "device_id,kind,key,expect,confirmed"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One published message.

    `confirmed` is whether the broker sent a PUBACK; without it the broker may have the message. `key` is `time;rest of
    the reading's key`, or the digest of a message for quarantine, hexadecimal.
    """

    device_id: str
    kind: str
    key: str
    expect: ExpectedResult
    confirmed: bool


class Ledger:
    """A writer of one line per message: when the broker confirms it, or at the end if it did not."""

    def __init__(self, path: Path, members: list[FleetMember]) -> None:
        self.counts: Counter[ExpectedResult] = Counter()
        self.unconfirmed = 0
        self._path = path
        self._names = [f"{member.device_id},{member.kind}" for member in members]

    def __enter__(self) -> Self:
        """Create the file."""
        self._file: TextIO = self._path.open("w", encoding="ascii", buffering=1 << 20)
        self._file.write(f"{COLUMNS}\n")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def record_confirmed(self, emissions: Iterable[ScheduledMessage]) -> None:
        """Write messages that the broker confirmed."""
        self._write(emissions, "yes")

    def record_unconfirmed(self, emissions: Iterable[ScheduledMessage]) -> None:
        """Write messages that the broker did not confirm."""
        self.unconfirmed += self._write(emissions, "no")

    def _write(self, emissions: Iterable[ScheduledMessage], confirmed: str) -> int:
        lines = [f"{self._names[e.device]},{e.key},{e.expect},{confirmed}\n" for e in emissions]
        self.counts.update(emission.expect for emission in emissions)
        self._file.writelines(lines)
        return len(lines)


def read_ledger(path: Path) -> Iterator[LedgerEntry]:
    """Yield the entries of a ledger in the order of confirmation."""
    with path.open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            yield LedgerEntry(
                row["device_id"], row["kind"], row["key"], ExpectedResult(row["expect"]), row["confirmed"] == "yes"
            )
