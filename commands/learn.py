"""`rencheng learn`: a model from recordings of one's own, for the engine and the back-test."""

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
"""Calibration leaves gauges out in turn; fewer say nothing of a gauge that was never seen."""


def learn(
    readings: Annotated[Path, typer.Option(help="CSV: device_id,time,depth_mm.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="Where the model goes, as JSON.", dir_okay=False)],
    version: Annotated[str, typer.Option(help="The model's name; every warning that it foretells carries it.")],
    not_water: Annotated[
        Path | None,
        typer.Option(help="CSV: device_id,begin,end of what is known to be no water.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Learn how probably, and when, water crosses a threshold. Needs LightGBM, which only this command uses."""
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
        raise NotPossible(f"{readings}: {len(samples)} gauges are too few to learn from; {GAUGES_MIN} are the least")
    asked = examples(Recording(name, measured, spans[name]) for name, measured in samples.items())
    came = sum(example.crossed_s is not None for example in asked)
    if not 0 < came < len(asked):
        raise NotPossible(f"{readings}: of {len(asked):,} questions {came:,} were answered by water; both are needed")
    note(f"{len(rows):,} readings of {len(samples):,} gauges: {len(asked):,} questions, {came:,} answered by water")
    out.write_text(json.dumps(train(asked, version)) + "\n", encoding="utf-8")
    note(f"model {version}: {out}")
