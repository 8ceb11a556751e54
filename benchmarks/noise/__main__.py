"""Play the years on all cores, print a table and write `build/noise/report.json`."""

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.noise.year import RATES, readings
from benchmarks.skill import engine
from rencheng.backtest.input_rows import Row
from rencheng.backtest.matching import claims
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType, default_profile
from rencheng.engine.forecast.shipped import street_model

OUT = Path(__file__).resolve().parents[2] / "build" / "noise"

NAME = "gauge"
BAR = 1.0
"""False warnings at yellow or above in a site's year, at most. Source: issue 6, bar 3."""


DOUBTS_BAR = 1.0
"""Notices of doubt in a site's month, at most. Source: issue 13, bar 2."""


class Year(NamedTuple):
    """What a sensor's year of noise led to: readings judged, warnings by level, and notices of doubt."""

    kind: str
    samples: int
    warnings: tuple[int, int, int, int]
    doubts: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What all sensors' years of one kind of noise led to.

    Attributes:
        kind: of artefact.
        artefacts_a_year: how many of them a sensor has.
        readings: judged in all.
        warnings_a_site_year: by level, at that level or above; every one of them is false.
        worst_site_yellow: the most that one site had in its year.
        doubts_a_site_month: notices that a jump stands and is not proven.
        is_within_bar: at yellow, and of doubt.
    """

    kind: str
    artefacts_a_year: float
    readings: int
    warnings_a_site_year: dict[str, float]
    worst_site_yellow: int
    doubts_a_site_month: float
    is_within_bar: bool


def play(kind: str, sensor: int, site_type: SiteType) -> Year:
    """One sensor through one year."""
    profile = default_profile(site_type)
    blue, yellow, orange, red = (profile.depth_mm(level) for level in WARNING_LEVELS)
    sites = engine.sites_of({NAME: (blue, yellow, orange, red)}, site_type)
    counted = Counter[str]()
    answer = engine.run(sites, _counted(readings(kind, sensor), counted), street_model())
    of_blue, of_yellow, of_orange, of_red = (len(claims(answer.issued[NAME], level)) for level in WARNING_LEVELS)
    return Year(kind, counted[NAME], (of_blue, of_yellow, of_orange, of_red), len(answer.doubts[NAME]))


def _counted(samples: Iterable[tuple[float, float | None]], counted: Counter[str]) -> Iterator[Row]:
    for at, depth_mm in samples:
        counted[NAME] += 1
        yield Row(datetime.fromtimestamp(at, UTC), NAME, depth_mm)


def main() -> None:
    """Everything, or as many sensors as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=100)
    parser.add_argument("--type", type=SiteType, default=SiteType.ROAD, choices=list(SiteType))
    parser.add_argument("--kinds", nargs="+", default=list(RATES), choices=list(RATES))
    asked = parser.parse_args()
    began_at = time.perf_counter()
    wanted = list(itertools.product(asked.kinds, range(asked.sensors)))
    with ProcessPoolExecutor() as pool:
        years = []
        kinds, sensors, types = zip(*((kind, sensor, asked.type) for kind, sensor in wanted), strict=True)
        for done, year in enumerate(pool.map(play, kinds, sensors, types), 1):
            years.append(year)
            if done % asked.sensors == 0:
                sys.stderr.write(f"{year.kind}: {time.perf_counter() - began_at:.0f} s\n")
    tallies = [_tally(kind, [year for year in years if year.kind == kind]) for kind in asked.kinds]
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


def _tally(kind: str, years: list[Year]) -> Tally:
    a_year = [sum(year.warnings[place] for year in years) / len(years) for place in range(len(WARNING_LEVELS))]
    yellow = WARNING_LEVELS.index(Level.YELLOW)
    doubts = sum(year.doubts for year in years) / len(years) / 12
    return Tally(
        kind=kind,
        artefacts_a_year=round(RATES[kind].a_year, 1),
        readings=sum(year.samples for year in years),
        warnings_a_site_year=dict(zip((level.word for level in WARNING_LEVELS), a_year, strict=True)),
        worst_site_yellow=max(year.warnings[yellow] for year in years),
        doubts_a_site_month=doubts,
        is_within_bar=a_year[yellow] <= BAR and doubts <= DOUBTS_BAR,
    )


def _table(tallies: Iterable[Tally]) -> str:
    heading = f"{'kind':14}{'a year':>8}{'readings':>12}" + "".join(f"{level.word:>9}" for level in WARNING_LEVELS)
    rows = [
        f"{heading}{'worst site':>12}{'doubts':>9}  (warnings a site-year at the level or above; doubts a site-month)"
    ]
    for one in tallies:
        figures = "".join(f"{value:9.2f}" for value in one.warnings_a_site_year.values())
        result = "within the bar" if one.is_within_bar else f"over {BAR:g} at yellow or {DOUBTS_BAR:g} of doubt"
        counts = f"{one.kind:14}{one.artefacts_a_year:>8}{one.readings:>12,}"
        rows.append(f"{counts}{figures}{one.worst_site_yellow:>12}{one.doubts_a_site_month:9.2f}  {result}")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
