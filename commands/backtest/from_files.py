"""A back-test of files, on this machine alone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.files import note, opened_text, whole_text, write_lines
from rencheng.backtest.input_rows import Row, read_rain, read_readings
from rencheng.backtest.judged_time import JudgedTime, judged_text
from rencheng.backtest.output import as_line
from rencheng.backtest.replay import NO_WAIT, judge_and_notice
from rencheng.backtest.sites import read_sites
from rencheng.engine.forecast.model import Model

ROWS_A_REDRAW = 5000
"""So rarely that the bar costs nothing."""


def judge_files(
    readings: Path,
    sites: Path,
    out: Path,
    rain: Path | None = None,
    *,
    model: Model | None,
    wait: timedelta = NO_WAIT,
) -> None:
    """Read, judge, write.

    Raises:
        NotPossible: a file cannot be read or written, or is not what it should be.
    """
    places, remarks = read_sites(whole_text(sites), str(sites))
    for remark in remarks:
        note(remark)
    began_at = time.perf_counter()
    fallen: list[Row] = []
    if rain:
        with opened_text(rain) as lines:
            fallen = read_rain(lines, str(rain))
    with opened_text(readings) as lines:
        rows = read_readings(lines, str(readings))
    read_at = time.perf_counter()
    _say_unknown("device", rows, {device: site.site_id for site in places.values() for device in site.depth_gauge_ids})
    _say_unknown(
        "rain gauge", fallen, {gauge: site.site_id for site in places.values() for gauge in site.rain_gauge_ids}
    )
    judged_time = JudgedTime()
    found = judge_and_notice(places, _shown(rows), fallen, model=model, wait=wait, observe=judged_time.note)
    said = write_lines(out, (as_line(judged, places) for judged in found))
    judged_at = time.perf_counter()
    note(
        f"{len(rows):,} readings{f' and {len(fallen):,} of rain' if rain else ''} at {len(places):,} sites: read in "
        f"{read_at - began_at:.1f} s, judged in {judged_at - read_at:.1f} s "
        f"({(len(rows) + len(fallen)) / max(judged_at - read_at, 1e-9):,.0f} a second); {said:,} messages in {out}"
    )
    note(f"{judged_text(judged_time.share())}: a gauge without a fault had reported recently")


def _say_unknown(what: str, rows: Sequence[Row], bound: Mapping[str, str]) -> None:
    """A gauge that no site lists is most often a slip of the pen; so is a site whose gauges never speak."""
    heard = {row.source for row in rows}
    if strange := sorted(heard - bound.keys()):
        note(f"{len(strange):,} {what}s are listed by no site and passed over, {strange[0]} among them")
    if silent := sorted(bound.keys() - heard):
        note(f"{len(silent):,} listed {what}s have no reading, {silent[0]} of site {bound[silent[0]]} among them")


def _shown(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, with a bar on a terminal that shows how far they are."""
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("judging", total=len(rows))
        for begin in range(0, len(rows), ROWS_A_REDRAW):
            yield from rows[begin : begin + ROWS_A_REDRAW]
            progress.update(task, completed=min(begin + ROWS_A_REDRAW, len(rows)))
