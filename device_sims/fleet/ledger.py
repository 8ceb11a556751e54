"""The account of what a fleet published, by key: a CSV that an audit reads."""

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
    """One published message. `confirmed`: the broker has said that it has it; else it may have it or not.

    `key` is `time;the rest of the reading's key`, or for one that is expected in quarantine its digest, hex.
    """

    device_id: str
    kind: str
    key: str
    expect: ExpectedResult
    confirmed: bool


class Ledger:
    """Writes a line for each message when the broker confirms it, and at the end for those that it did not."""

    def __init__(self, path: Path, members: list[FleetMember]) -> None:
        self.counts: Counter[ExpectedResult] = Counter()
        self.unconfirmed = 0
        self._path = path
        self._names = [f"{member.device_id},{member.kind}" for member in members]

    def __enter__(self) -> Self:
        """Begin a file."""
        self._file: TextIO = self._path.open("w", encoding="ascii", buffering=1 << 20)
        self._file.write(f"{COLUMNS}\n")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()

    def record_confirmed(self, emissions: Iterable[ScheduledMessage]) -> None:
        """The broker has these."""
        self._write(emissions, "yes")

    def record_unconfirmed(self, emissions: Iterable[ScheduledMessage]) -> None:
        """These were published, and the broker has not said that it has them."""
        self.unconfirmed += self._write(emissions, "no")

    def _write(self, emissions: Iterable[ScheduledMessage], confirmed: str) -> int:
        lines = [f"{self._names[e.device]},{e.key},{e.expect},{confirmed}\n" for e in emissions]
        self.counts.update(emission.expect for emission in emissions)
        self._file.writelines(lines)
        return len(lines)


def read_ledger(path: Path) -> Iterator[LedgerEntry]:
    """The entries of a ledger, in the order in which the broker confirmed them."""
    with path.open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            yield LedgerEntry(
                row["device_id"], row["kind"], row["key"], ExpectedResult(row["expect"]), row["confirmed"] == "yes"
            )
