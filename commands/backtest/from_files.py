"""A back-test of files. It needs no server."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.files import note, opened_text, whole_text, write_lines
from rencheng.backtest.input_rows import Row, read_rain, read_readings
from rencheng.backtest.issued_counts import IssuedCounts
from rencheng.backtest.judged_time import JudgedTime, judged_text
from rencheng.backtest.nowcasts import read_nowcasts
from rencheng.backtest.output import as_line
from rencheng.backtest.replay import NO_WAIT, judge_and_notice
from rencheng.backtest.sites import REGION, read_sites
from rencheng.checks.limits import GAUGES, read_limits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site
from rencheng.engine.forecast.model import Model
from rencheng.engine.traits import GaugeTraits, traits_of
from rencheng.schemas.device import read_devices

ROWS_A_REDRAW = 5000
"""Rows between two updates of the progress bar, so that drawing costs no measurable time."""


class GaugeFiles(NamedTuple):
    """The files that say what the gauges are like: their registration, and limits of their tests."""

    devices: Path | None = None
    limits: Path | None = None


def read_traits(files: GaugeFiles, sites: Iterable[Site]) -> dict[str, GaugeTraits]:
    """Return what the files say of the gauges.

    Raises:
        NotPossible: a file cannot be read, or has the wrong form.
    """
    kinds = read_limits(whole_text(files.limits)) if files.limits else GAUGES
    forms = read_devices(files.devices.read_bytes(), str(files.devices)) if files.devices else []
    names = (name for site in sites for name in site.depth_gauge_ids)
    known = {name: Device(name, Kind.WATERLOGGING, REGION) for name in names}
    known |= {form.device_id: form.to_device() for form in forms}
    return {name: traits_of(device, kinds) for name, device in known.items()}


def backtest_files(
    readings: Path,
    sites: Path,
    out: Path,
    rain: Path | None = None,
    nowcasts: Path | None = None,
    gauges: GaugeFiles = GaugeFiles(),  # noqa: B008 - immutable
    *,
    model: Model | None,
    wait: timedelta = NO_WAIT,
    until: datetime | None = None,
) -> None:
    """Evaluate the readings of a file, and write the messages. Time goes on until `until` after the last reading.

    Raises:
        NotPossible: a file cannot be read or written, or has the wrong form.
    """
    site_map, remarks = read_sites(whole_text(sites), str(sites))
    for remark in remarks:
        note(remark)
    began_at = time.perf_counter()
    rain_rows = _read_rain_file(rain) if rain else []
    expected = read_nowcasts(whole_text(nowcasts), str(nowcasts), site_map) if nowcasts else []
    with opened_text(readings) as lines:
        rows = read_readings(lines, str(readings))
    read_at = time.perf_counter()
    _report_all_unmatched(site_map, rows, rain_rows)
    judged_time, counts = JudgedTime(), IssuedCounts()
    found = judge_and_notice(
        site_map,
        _shown(rows),
        rain_rows,
        model=model,
        wait=wait,
        observe=judged_time.note,
        until=until,
        nowcasts=expected,
        traits=read_traits(gauges, site_map.values()),
    )
    messages = write_lines(out, (as_line(judged, site_map) for judged in counts.counted(found)))
    took_s = time.perf_counter() - read_at
    per_s = (len(rows) + len(rain_rows)) / max(took_s, 1e-9)
    note(
        f"{len(rows):,} readings{f' and {len(rain_rows):,} of rain' if rain else ''} at {len(site_map):,} sites: "
        f"read in {read_at - began_at:.1f} s, evaluated in {took_s:.1f} s ({per_s:,.0f}/s); "
        f"{messages:,} messages in {out}"
    )
    note(f"{judged_text(judged_time.share())}: a gauge without a fault had reported recently")
    note(counts.text(judged_time.site_months()))


def _read_rain_file(rain: Path) -> list[Row]:
    with opened_text(rain) as lines:
        return read_rain(lines, str(rain))


def _report_all_unmatched(sites: Mapping[str, Site], rows: Sequence[Row], rain_rows: Sequence[Row]) -> None:
    _report_unmatched(
        "device", rows, {device: site.site_id for site in sites.values() for device in site.level_gauge_ids}
    )
    _report_unmatched(
        "rain gauge", rain_rows, {gauge: site.site_id for site in sites.values() for gauge in site.rain_gauge_ids}
    )


def _report_unmatched(kind: str, rows: Sequence[Row], bound: Mapping[str, str]) -> None:
    """Report gauges without a site and sites without readings, because both are usually typing errors."""
    seen = {row.source for row in rows}
    if unlisted := sorted(seen - bound.keys()):
        note(f"{len(unlisted):,} {kind}s are listed by no site and ignored, {unlisted[0]} among them")
    if silent := sorted(bound.keys() - seen):
        note(f"{len(silent):,} listed {kind}s have no reading, {silent[0]} of site {bound[silent[0]]} among them")


def _shown(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows. On a terminal, show a progress bar."""
    columns = (TextColumn("evaluating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("evaluating", total=len(rows))
        for begin in range(0, len(rows), ROWS_A_REDRAW):
            yield from rows[begin : begin + ROWS_A_REDRAW]
            progress.update(task, completed=min(begin + ROWS_A_REDRAW, len(rows)))
