"""Made and recorded cases, each with a note, and what a dispatcher asks of the messages that the engine issues.

`tests/golden/dispatcher_cases.jsonl.gz` has one case a line: `note`, `sites` as the back-test reads them, and by device
`depth_mm` and `rain_mm` as begin (seconds of the epoch), steps in seconds (each with its number) and values.
Minutes are counted from 2026-07-18 16:00 +08:00; a flood begins at minute 60 unless the note gives another time.
"""

import csv
import functools
import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate, chain, pairwise, repeat
from pathlib import Path
from typing import Any

from commands.backtest.from_files import backtest_files
from rencheng.domain.level import Level
from rencheng.engine.forecast.shipped import street_model

CASES = Path(__file__).parent.parent / "golden" / "dispatcher_cases.jsonl.gz"
START_S = datetime(2026, 7, 18, 8, tzinfo=UTC).timestamp()
SITE = "x"
WARNINGS = ("alert", "update", "cancel")
NEARLY = 1e-6
"""Less than any time between two samples, minutes."""

Series = Mapping[str, Any]
Line = dict[str, Any]


class SiteMessages:
    """What was issued for one site, in order; times in minutes."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = [line | {"minute": _minute(line["issued_at"])} for line in lines]
        self.warnings = [line for line in self.lines if line["message"] in WARNINGS]

    def level(self, at: float) -> Level:
        """Return the level in force at a minute."""
        return next((_level(one) for one in reversed(self.warnings) if one["minute"] <= at + NEARLY), Level.NONE)

    def by(self, at: float, level: Level) -> bool:
        """Return whether at least this level is in force at a minute."""
        return self.level(at) >= level

    def holds(self, start: float, end: float, level: Level) -> bool:
        """Return whether at least this level is in force from one minute to another."""
        return self.level(start) >= level and all(_level(one) >= level for one in self._between(start, end))

    def never(self, level: Level, start: float = -1e9, end: float = 1e9) -> bool:
        """Return whether every level in force is lower than this."""
        return self.level(start) < level and all(_level(one) < level for one in self._between(start, end))

    def count(self, *kinds: str) -> int:
        """Return the number of messages of these kinds."""
        return sum(line["message"] in kinds for line in self.lines)

    def notice(self, kind: str, start: float, end: float) -> bool:
        """Return whether a message of this kind was issued between two minutes."""
        return any(line["message"] == kind and start <= line["minute"] <= end for line in self.lines)

    def doubtful(self, start: float, end: float) -> bool:
        """Return whether somebody was asked to look."""
        return self.notice("doubtful", start, end)

    def longest_silence_h(self, start: float, end: float) -> float:
        """Return the longest time without a warning message, hours."""
        times: list[float] = [start, *(one["minute"] for one in self.warnings if start < one["minute"] < end), end]
        return max(later - earlier for earlier, later in pairwise(times)) / 60

    def ended(self, at: float) -> bool:
        """Return whether no warning is in force."""
        return self.level(at) is Level.NONE

    def _between(self, start: float, end: float) -> Iterator[Line]:
        return (one for one in self.warnings if start < one["minute"] <= end)


@functools.cache
def messages_of(case: str, site_id: str = SITE) -> SiteMessages:
    """Return what the back-test, from files, issues for one site of a case."""
    return SiteMessages(line for line in _played(case) if line["site_id"] == site_id)


@functools.cache
def _cases() -> dict[str, Line]:
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        return {case["case"]: case for case in map(json.loads, lines)}


@functools.cache
def _played(name: str) -> list[Line]:
    case = _cases()[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        sites, readings, rain, out = (path / file for file in ("S.json", "R.csv", "G.csv", "W.jsonl"))
        sites.write_text(json.dumps(case["sites"]), encoding="utf-8")
        _write_table(readings, ("device_id", "time", "depth_mm"), case["depth_mm"])
        if "rain_mm" in case:
            _write_table(rain, ("gauge_id", "time", "rain_mm"), case["rain_mm"])
        backtest_files(readings, sites, out, rain if rain.exists() else None, model=street_model())
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def _write_table(path: Path, columns: tuple[str, str, str], series: Mapping[str, Series]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        for device, one in series.items():
            steps = chain.from_iterable(repeat(step, times) for step, times in one["steps_s"])
            times_s = accumulate(steps, initial=one["begins_s"])
            moments = (datetime.fromtimestamp(at, UTC).isoformat() for at in times_s)
            table.writerows((device, at, value) for at, value in zip(moments, one["values"], strict=True))


def _minute(issued_at: str) -> float:
    return (datetime.fromisoformat(issued_at).timestamp() - START_S) / 60


def _level(line: Line) -> Level:
    return Level.NONE if line["message"] == "cancel" else Level.parse(line["level"])
