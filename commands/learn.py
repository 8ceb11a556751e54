"""`rencheng learn`: train a forecast model from your own recordings."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from commands.files import note, opened_text
from rencheng.backtest.input_rows import read_readings, read_spans
from rencheng.domain.errors import NotPossible
from rencheng.learning.samples import Recording, examples

GAUGES_MIN = 10
"""Calibration leaves out each gauge in turn. With fewer gauges it does not carry over to a new gauge."""


def learn(
    readings: Annotated[Path, typer.Option(help="CSV: device_id,time,depth_mm.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The model's file, JSON.", dir_okay=False)],
    version: Annotated[str, typer.Option(help="The model's version; each warning from a forecast names it.")],
    not_water: Annotated[
        Path | None,
        typer.Option(help="CSV: device_id,begin,end of periods known to be dry.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Train a model of when water crosses a threshold, and how likely it is. Needs LightGBM."""
    try:
        from rencheng.learning.train import train  # noqa: PLC0415 - nothing else needs the library
    except ImportError as missing:
        raise NotPossible(f"{missing.name} is not installed: pip install lightgbm scipy, or use `make setup`") from None
    with opened_text(readings) as lines:
        rows = read_readings(lines, str(readings))
    spans = defaultdict(list)
    if not_water:
        with opened_text(not_water) as lines:
            for device_id, begin, end in read_spans(lines, str(not_water)):
                spans[device_id].append((begin.timestamp(), end.timestamp()))
    samples = defaultdict(list)
    for row in rows:
        if row.value is not None:
            samples[row.source].append((row.time.timestamp(), row.value))
    if len(samples) < GAUGES_MIN:
        raise NotPossible(f"{readings}: {len(samples)} gauges are too few; at least {GAUGES_MIN} are needed")
    labelled = examples(Recording(name, measured, spans[name]) for name, measured in samples.items())
    crossed = sum(example.crossed_s is not None for example in labelled)
    if not 0 < crossed < len(labelled):
        raise NotPossible(
            f"{readings}: {crossed:,} of {len(labelled):,} examples cross the threshold; both kinds are needed"
        )
    note(f"{len(rows):,} readings of {len(samples):,} gauges: {len(labelled):,} examples, {crossed:,} with a crossing")
    out.write_text(json.dumps(train(labelled, version)) + "\n", encoding="utf-8")
    note(f"model {version}: {out}")
