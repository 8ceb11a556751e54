"""`rencheng backtest`: recorded data through the engine, on this machine alone."""

import gzip
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rencheng.domain.errors import NotPossible
from rencheng.domain.site import Site
from services.alerts.backtest.places import read_sites
from services.alerts.backtest.replay import judge
from services.alerts.backtest.rows import Row, read_rain, read_readings
from services.alerts.backtest.written import as_line

ROWS_A_REDRAW = 5000
"""So rarely that the bar costs nothing."""


def backtest(
    readings: Annotated[Path, typer.Option(help="CSV: device_id,time,depth_mm.", exists=True, dir_okay=False)],
    sites: Annotated[Path, typer.Option(help="JSON: the sites and their thresholds.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="Where the messages go, one JSON object a line.", dir_okay=False)],
    rain: Annotated[Path | None, typer.Option(help="CSV: gauge_id,time,rain_mm.", exists=True, dir_okay=False)] = None,
) -> None:
    """Judge recorded readings as the live engine would have: no server, no configuration, no network."""
    places, remarks = read_sites(_text(sites), str(sites))
    for remark in remarks:
        _say(remark)
    if rain:
        with _opened(rain) as lines:
            fallen = read_rain(lines, str(rain))
        _say(f"{rain}: {len(fallen):,} rows are sound, and not used: today's engine does not look at rain")
    began_at = time.perf_counter()
    with _opened(readings) as lines:
        rows = read_readings(lines, str(readings))
    read_at = time.perf_counter()
    _say_unknown(rows, places)
    said = _write(out, (as_line(judged, places) for judged in judge(places, _shown(rows))))
    judged_at = time.perf_counter()
    _say(
        f"{len(rows):,} readings at {len(places):,} sites: read in {read_at - began_at:.1f} s, judged in "
        f"{judged_at - read_at:.1f} s ({len(rows) / max(judged_at - read_at, 1e-9):,.0f} a second); "
        f"{said:,} messages in {out}"
    )


def _say_unknown(rows: Sequence[Row], places: Mapping[str, Site]) -> None:
    """A gauge that no site lists is most often a slip of the pen; so is a site whose gauges never speak."""
    bound = {device_id: site.site_id for site in places.values() for device_id in site.device_ids}
    heard = {row.source for row in rows}
    if strange := sorted(heard - bound.keys()):
        _say(f"{len(strange):,} devices are listed by no site and passed over, {strange[0]} among them")
    if silent := sorted(bound.keys() - heard):
        _say(f"{len(silent):,} listed devices have no reading, {silent[0]} of site {bound[silent[0]]} among them")


def _shown(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, with a bar on a terminal that shows how far they are."""
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("judging", total=len(rows))
        for begin in range(0, len(rows), ROWS_A_REDRAW):
            yield from rows[begin : begin + ROWS_A_REDRAW]
            progress.update(task, completed=min(begin + ROWS_A_REDRAW, len(rows)))


def _write(out: Path, lines: Iterable[str]) -> int:
    """How many lines were written."""
    said = 0
    try:
        with out.open("w", encoding="utf-8", newline="\n") as file:
            for said, line in enumerate(lines, 1):  # noqa: B007 - the last number is the answer
                file.write(line + "\n")
    except OSError as error:
        raise NotPossible(f"{out} cannot be written: {error.strerror}") from None
    return said


def _text(path: Path) -> str:
    with _opened(path) as file:
        return file.read()


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """A text file, unpacked on the way if its name ends in .gz."""
    try:
        unpack = gzip.open if path.suffix == ".gz" else open
        with unpack(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise NotPossible(f"{path} is not UTF-8 text: {error.reason} at byte {error.start:,}") from None
    except (OSError, EOFError) as error:
        raise NotPossible(f"{path} cannot be read: {error}") from None


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
