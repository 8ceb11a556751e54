"""Three weathers, each three times; the median counts. Print a table and write `build/engine_speed/report.json`."""

import argparse
import gc
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.engine_speed.city import SITES, readings, sites
from rencheng.domain.reading import WaterReading
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model

OUT = Path(__file__).resolve().parents[2] / "build" / "engine_speed"

WEATHERS = {"fine": 0.0, "city mix": 0.03, "storm": 0.3}
"""Share of the sites that are under water."""

BAR = 100_000.0
"""Evaluations a second on one core in the city mix. Source: issue 6, bar 6."""

TIMES = 3


class Measured(NamedTuple):
    """How fast one weather was judged. A reading of rain is evaluated once for each site that it is bound to."""

    weather: str
    wet_share: float
    readings: int
    evaluations: int
    messages: int
    a_second: float
    runs: tuple[float, ...]


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=40)
    minutes = parser.parse_args().minutes
    measured = [_measure(weather, wet_share, minutes) for weather, wet_share in WEATHERS.items()]
    sys.stdout.write(f"{SITES:,} sites, {minutes} minutes of a reading a minute, one core\n")
    heading = f"{'weather':10}{'wet':>6}{'readings':>11}{'evaluations':>13}{'messages':>10}"
    sys.stdout.write(f"{heading}{'a second':>11}{'of the bar':>12}\n")
    for one in measured:
        sys.stdout.write(
            f"{one.weather:10}{one.wet_share:6.0%}{one.readings:11,}{one.evaluations:13,}{one.messages:10,}"
            f"{one.a_second:11,.0f}{one.a_second / BAR:12.2f}\n"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    report = {"sites": SITES, "minutes": minutes, "bar": BAR, "weathers": [one._asdict() for one in measured]}
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _measure(weather: str, wet_share: float, minutes: int) -> Measured:
    every = list(readings(minutes, wet_share))
    bound = Counter(device for site in sites().values() for device in (*site.depth_gauge_ids, *site.rain_gauge_ids))
    evaluations = sum(bound[reading.device_id] for reading in every)
    runs = [_judge(every) for _ in range(TIMES)]
    rates = tuple(evaluations / took_s for took_s, _ in runs)
    return Measured(weather, wet_share, len(every), evaluations, runs[0][1], statistics.median(rates), rates)


def _judge(every: Sequence[WaterReading]) -> tuple[float, int]:
    """(seconds of this process, messages)."""
    evaluator = Evaluator(street_model())
    evaluator.set_sites(sites())
    messages = 0
    gc.collect()
    began_at = time.process_time()
    for reading in every:
        messages += sum(one.message is not None for one in evaluator.process_and_commit(reading, reading.time))
    return time.process_time() - began_at, messages


if __name__ == "__main__":
    main()
