"""Play the years on all cores, print a table and write `build/noise/report.json`."""

import argparse
import heapq
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from benchmarks.noise.year import BEGINS_AT, RATES, YEAR_S, readings
from benchmarks.skill import engine
from rencheng.backtest.input_rows import Row
from rencheng.backtest.matching import claims
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType, default_profile
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.neighbours import OTHERS_MIN

OUT = Path(__file__).resolve().parents[2] / "build" / "noise"

NAME = "gauge"
CALM = "calm city"
ALONE = "alone"
CALM_SITES = OTHERS_MIN + 1
CALM_STEP_S = 3600.0
"""So many other roads, dry all year, report so often beside the site: enough for the absence of rises to count."""

BAR = 1.0
"""False warnings at yellow or above in a site's year, at most. Source: issue 6, bar 3."""


DOUBTS_BAR = 1.0
"""Notices of doubt in a site's month, at most. Source: issue 13, bar 2."""


class Year(NamedTuple):
    """What a sensor's year of noise led to: readings judged, warnings by level, and notices of doubt."""

    kind: str
    where: str
    samples: int
    warnings: tuple[int, int, int, int]
    doubts: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What all sensors' years of one kind of noise led to.

    Attributes:
        kind: of artefact.
        where: beside a calm city, or alone.
        artefacts_a_year: how many of them a sensor has.
        readings: judged in all.
        warnings_a_site_year: by level, at that level or above; every one of them is false.
        worst_site_yellow: the most that one site had in its year.
        doubts_a_site_month: notices that a jump stands and is not proven.
        is_within_bar: at yellow, and of doubt.
    """

    kind: str
    where: str
    artefacts_a_year: float
    readings: int
    warnings_a_site_year: dict[str, float]
    worst_site_yellow: int
    doubts_a_site_month: float
    is_within_bar: bool


def play(kind: str, where: str, sensor: int, site_type: SiteType) -> Year:
    """One sensor through one year."""
    profile = default_profile(site_type)
    blue, yellow, orange, red = (profile.depth_mm(level) for level in WARNING_LEVELS)
    others = [f"other-{number}" for number in range(CALM_SITES)] if where == CALM else []
    sites = engine.sites_of(dict.fromkeys([NAME, *others], (blue, yellow, orange, red)), site_type)
    counted = Counter[str]()
    rows = heapq.merge(_counted(readings(kind, sensor), counted), _calm(others), key=itemgetter(0))
    answer = engine.run(sites, rows, street_model())
    of_blue, of_yellow, of_orange, of_red = (len(claims(answer.issued[NAME], level)) for level in WARNING_LEVELS)
    return Year(kind, where, counted[NAME], (of_blue, of_yellow, of_orange, of_red), len(answer.doubts[NAME]))


def _counted(samples: Iterable[tuple[float, float | None]], counted: Counter[str]) -> Iterator[Row]:
    for at, depth_mm in samples:
        counted[NAME] += 1
        yield Row(datetime.fromtimestamp(at, UTC), NAME, depth_mm)


def _calm(others: Iterable[str]) -> Iterator[Row]:
    """Yield the hourly readings of dry roads."""
    for hour in range(int(YEAR_S // CALM_STEP_S)):
        at = datetime.fromtimestamp(BEGINS_AT + hour * CALM_STEP_S, UTC)
        yield from (Row(at, name, 0.0) for name in others)


def main() -> None:
    """Everything, or as many sensors as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=100)
    parser.add_argument("--type", type=SiteType, default=SiteType.ROAD, choices=list(SiteType))
    parser.add_argument("--where", nargs="+", default=[CALM, ALONE], choices=[CALM, ALONE])
    parser.add_argument("--kinds", nargs="+", default=list(RATES), choices=list(RATES))
    asked = parser.parse_args()
    began_at = time.perf_counter()
    wanted = list(itertools.product(asked.kinds, asked.where, range(asked.sensors)))
    with ProcessPoolExecutor() as pool:
        years = []
        kinds, places, sensors = zip(*wanted, strict=True)
        for done, year in enumerate(pool.map(play, kinds, places, sensors, itertools.repeat(asked.type)), 1):
            years.append(year)
            if done % asked.sensors == 0:
                sys.stderr.write(f"{year.kind}, {year.where}: {time.perf_counter() - began_at:.0f} s\n")
    pairs = itertools.product(asked.kinds, asked.where)
    tallies = [_tally([year for year in years if pair == year[:2]]) for pair in pairs]
    sys.stdout.write(f"A year of each artefact at {asked.sensors} sensors of a {asked.type}, and never water\n")
    sys.stdout.write(_table(tallies))
    OUT.mkdir(parents=True, exist_ok=True)
    report = {
        "sensors": asked.sensors,
        "site_type": asked.type,
        "bar_yellow": BAR,
        "kinds": [asdict(one) for one in tallies],
    }
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _tally(years: list[Year]) -> Tally:
    kind, where = years[0][:2]
    a_year = [sum(year.warnings[place] for year in years) / len(years) for place in range(len(WARNING_LEVELS))]
    yellow = WARNING_LEVELS.index(Level.YELLOW)
    doubts = sum(year.doubts for year in years) / len(years) / 12
    return Tally(
        kind=kind,
        where=where,
        artefacts_a_year=round(RATES[kind].a_year, 1),
        readings=sum(year.samples for year in years),
        warnings_a_site_year=dict(zip((level.word for level in WARNING_LEVELS), a_year, strict=True)),
        worst_site_yellow=max(year.warnings[yellow] for year in years),
        doubts_a_site_month=doubts,
        is_within_bar=a_year[yellow] <= BAR and doubts <= DOUBTS_BAR,
    )


def _table(tallies: Iterable[Tally]) -> str:
    heading = f"{'kind':14}{'where':10}{'a year':>8}{'readings':>12}"
    heading += "".join(f"{level.word:>9}" for level in WARNING_LEVELS)
    rows = [
        f"{heading}{'worst site':>12}{'doubts':>9}  (warnings a site-year at the level or above; doubts a site-month)"
    ]
    for one in tallies:
        figures = "".join(f"{value:9.2f}" for value in one.warnings_a_site_year.values())
        result = "within the bar" if one.is_within_bar else f"over {BAR:g} at yellow or {DOUBTS_BAR:g} of doubt"
        counts = f"{one.kind:14}{one.where:10}{one.artefacts_a_year:>8}{one.readings:>12,}"
        rows.append(f"{counts}{figures}{one.worst_site_yellow:>12}{one.doubts_a_site_month:9.2f}  {result}")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
