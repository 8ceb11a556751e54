"""FloodNet's floods as gauges see them that report every 1, 5, 10, 15 or 30 minutes: known in time, late or never.

A bare threshold knows a flood by the second sample in a row that is above it. Each recording is thinned at every phase
of the interval, so that each interval sees every sample once.
"""

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from benchmarks.skill import engine
from benchmarks.skill.floodnet import THRESHOLDS_MM, Fold
from benchmarks.skill.recordings import Samples, SensorSeries, flood_events
from benchmarks.skill.timeline import NOISE_MM
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType

STEPS_MIN = (1, 5, 10, 15, 30)
LEVELS = (Level.YELLOW, Level.RED)
DRY_SAMPLES = 24
"""A gauge that reports at an interval has reported a dry street so many times before a flood."""

WET_SAMPLES = 3
"""And it reports so many times after the recording."""

SEED = 20261129


class Thinned(NamedTuple):
    """One sensor's floods as a gauge with an interval sees them: samples in order, and those of each flood."""

    samples: Samples
    floods: list[Samples]


@dataclass(frozen=True, slots=True)
class StepScore:
    """How many floods with two samples in a row above a threshold were known in time, late or never.

    Attributes:
        floods: at all phases.
        warned: with a warning at the level by the second sample.
        known: with a warning or a doubt at the level by the second sample.
        late: known later, while the water stood above.
        doubts: notices of doubt at the level or above, in these floods or not.
    """

    floods: int = 0
    warned: int = 0
    known: int = 0
    late: int = 0
    doubts: int = 0

    @property
    def never(self) -> int:
        """Floods that were not known while the water stood above."""
        return self.floods - self.known - self.late

    def __add__(self, other: "StepScore") -> "StepScore":
        """Return both as one."""
        return StepScore(
            self.floods + other.floods,
            self.warned + other.warned,
            self.known + other.known,
            self.late + other.late,
            self.doubts + other.doubts,
        )


StepScores = dict[tuple[int, Level], StepScore]
"""By interval in minutes and level."""


def scores(
    folds: Sequence[Fold], events: Sequence[SensorSeries] | None = None, steps_min: Sequence[int] = STEPS_MIN
) -> StepScores:
    """Return the scores of every interval, over all phases."""
    found: StepScores = {(step_min, level): StepScore() for step_min in steps_min for level in LEVELS}
    phases = [(step_min, phase) for step_min in steps_min for phase in range(step_min)]
    play = partial(_play, folds, flood_events() if events is None else events)
    with ProcessPoolExecutor() as pool:
        for (step_min, _), played in zip(phases, pool.map(play, *zip(*phases, strict=True)), strict=True):
            for level, score in played.items():
                found[step_min, level] += score
    return found


def _play(
    folds: Sequence[Fold], events: Sequence[SensorSeries], step_min: int, phase_min: int
) -> Mapping[Level, StepScore]:
    models = {name: fold.model for fold in folds for name in fold.sensors}
    sensors = thinned(events, step_min, phase_min)
    sites = engine.sites_of(dict.fromkeys(sensors, THRESHOLDS_MM), SiteType.ROAD)
    rows = engine.rows_of({name: one.samples for name, one in sensors.items()})
    answer = engine.run_each_by(models, sites, rows)
    found = {}
    for level in LEVELS:
        threshold_mm = THRESHOLDS_MM[WARNING_LEVELS.index(level)]
        each = (_score(one.floods, answer, name, level, threshold_mm) for name, one in sensors.items())
        found[level] = sum(each, StepScore())
    return found


MINUTE_S = 60.0


def thinned(events: Iterable[SensorSeries], step_min: int, phase_min: int) -> dict[str, Thinned]:
    """Return each sensor's floods with one sample an interval, and a dry street before them."""
    by_sensor = itertools.groupby(sorted(events, key=lambda event: (event.name, event.samples[0])), lambda e: e.name)
    return {name: _of_sensor(list(of), 60.0 * step_min, 60.0 * phase_min) for name, of in by_sensor}


def _of_sensor(events: Sequence[SensorSeries], step_s: float, phase_s: float) -> Thinned:
    dice = random.Random(f"{SEED}/{events[0].name}/{step_s:g}/{phase_s:g}")
    found = Thinned([], [])
    for event in events:
        wet = list(_each_step(event.samples, step_s, phase_s))
        last_s = found.samples[-1][0] if found.samples else float("-inf")
        wet = [sample for sample in wet if sample[0] > last_s]
        if not wet:
            continue
        dry = [(wet[0][0] - step_s * count, _dry_mm(dice)) for count in range(DRY_SAMPLES, 0, -1)]
        found.samples.extend(sample for sample in dry if sample[0] > last_s)
        found.samples.extend(wet)
        found.samples.extend((wet[-1][0] + step_s * count, _dry_mm(dice)) for count in range(1, WET_SAMPLES + 1))
        found.floods.append(wet)
    return found


def _each_step(samples: Samples, step_s: float, phase_s: float) -> Iterator[tuple[float, float]]:
    """Yield the first sample of each interval of the clock. A recording that begins within one begins with the next."""
    begins_s = samples[0][0] - phase_s
    interval = begins_s // step_s if begins_s % step_s >= MINUTE_S else None
    for at, depth_mm in samples:
        number = (at - phase_s) // step_s
        if number != interval:
            yield at, depth_mm
        interval = number


def _dry_mm(dice: random.Random) -> float:
    return round(max(0.0, dice.gauss(0, NOISE_MM)), 1)


def _score(floods: Iterable[Samples], answer: engine.Answer, name: str, level: Level, threshold_mm: float) -> StepScore:
    total = StepScore(doubts=sum(one.level >= level for one in answer.doubts[name]))
    for flood in floods:
        above = [at for (_, before_mm), (at, mm) in pairwise(flood) if min(before_mm, mm) >= threshold_mm]
        if not above:
            continue
        warned = [_in_force(answer, name, at) >= level for at in above]
        known = [
            is_warned or any(one.begins <= at < one.ends and one.level >= level for one in answer.doubts[name])
            for is_warned, at in zip(warned, above, strict=True)
        ]
        total += StepScore(1, int(warned[0]), int(known[0]), int(not known[0] and any(known)))
    return total


def _in_force(answer: engine.Answer, name: str, at: float) -> int:
    return next((one.level for one in reversed(answer.issued[name]) if one.at <= at), Level.NONE)
