"""A sensor's years in short: its floods when they happened, dry weather around them, artefacts between them. Pure.

Between two floods lie weeks of dry street, of which only the hours around floods and artefacts are played.
"""

import itertools
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from benchmarks.skill.artefacts import KINDS
from benchmarks.skill.recordings import Played, Sensor, SensorSeries
from rencheng.backtest.matching import Target, crossing

SEED = 20210901
"""The night of Ida."""

DRY_S = 3600.0
"""Dry weather before and after anything: long enough for any window of minutes, and for a level to be cleared."""

NOISE_MM = 3.0
"""Spread of a dry street's depth. Source: FloodNet takes up to 10 mm for its noise floor, domain reference 4.2."""

LOST_SHARE = 0.05
"""Samples that do not arrive: in the recordings one step in twenty is double."""

BEFORE_FLOOD_S = ((54_000, 64_800), (21_600, 32_400))
"""Artefacts come 15 to 18 and six to nine hours before a flood: each is over and cleared before what follows."""

ARTEFACT_MAX_S = 10_800.0
"""Sensors that report seldom would make hours of minutes."""

FREE_S = 10_800.0
"""How long before an artefact nothing else has ended."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something that is no water."""

    kind: str
    begins: float
    ends: float


@dataclass(slots=True)
class Timeline:
    """One sensor's floods and artefacts as one series.

    Attributes:
        events: the recorded floods, as recorded.
        samples: (time, depth) of everything, in order of time; no depth where the sensor could not measure.
        artefacts: where there is no water in it.
    """

    sensor: Sensor
    events: Sequence[SensorSeries]
    samples: Played = field(default_factory=list)
    artefacts: list[Artefact] = field(default_factory=list)

    def targets(self, threshold_mm: float) -> list[Target]:
        """The floods at a threshold."""
        found = (crossing(event.samples, threshold_mm, _named(event)) for event in self.events)
        return [target for target in found if target]

    def peak_mm(self, begin: float, end: float) -> float:
        """The highest recorded water within a span; 0 where no event lies in it."""
        depths = (mm for event in self.events for at, mm in event.samples if begin <= at <= end)
        return max(depths, default=0.0)

    def is_artefact(self, at: float, after_s: float) -> bool:
        """Whether there is, or was within the last `after_s`, something that is no water."""
        return any(artefact.begins <= at <= artefact.ends + after_s for artefact in self.artefacts)


def lay_out(sensor: Sensor, events: Sequence[SensorSeries], *, with_artefacts: bool, dry_s: float = DRY_S) -> Timeline:
    """A sensor's timeline; the same each time."""
    timeline = Timeline(sensor, sorted(events, key=lambda event: event.samples[0]))
    dice = random.Random(f"{SEED}/{sensor.sensor_id}")
    kinds = list(KINDS)
    turn = dice.randrange(len(kinds))
    free_from = 0.0
    for event in timeline.events:
        step_s = statistics.median_low(later[0] - earlier[0] for earlier, later in itertools.pairwise(event.samples))
        begins = event.samples[0][0]
        for before_s in BEFORE_FLOOD_S if with_artefacts else ():
            at = begins - dice.randint(*before_s)
            if at - free_from >= FREE_S:
                artefact = _add_artefact(timeline, kinds[turn % len(kinds)], at, step_s, dice)
                free_from = artefact.ends + DRY_S
                turn += 1
        wet = [sample for sample in event.samples if not timeline.samples or sample[0] > timeline.samples[-1][0]]
        timeline.samples += _dry(max(free_from, begins - dry_s), begins, step_s, dice)
        timeline.samples += wet
        free_from = max(free_from, event.samples[-1][0])
        dry_until = min([free_from + dry_s, *_next_begin(timeline.events, event)])
        timeline.samples += _dry(free_from, dry_until, step_s, dice)
        free_from = max(free_from, dry_until)
    timeline.samples.sort(key=itemgetter(0))
    return timeline


def _add_artefact(timeline: Timeline, kind: str, at: float, step_s: float, dice: random.Random) -> Artefact:
    """Dry, the artefact, dry."""
    depths = KINDS[kind](dice)[: int(ARTEFACT_MAX_S // step_s) + 1]
    samples = [(at + index * step_s, mm if mm is None else round(mm, 1)) for index, mm in enumerate(depths)]
    artefact = Artefact(kind, at, samples[-1][0])
    timeline.artefacts.append(artefact)
    timeline.samples += _dry(at - DRY_S, at, step_s, dice)
    timeline.samples += [sample for sample in samples if sample[0] == at or dice.random() >= LOST_SHARE]
    timeline.samples += _dry(artefact.ends, artefact.ends + DRY_S, step_s, dice)
    return artefact


def _dry(begin: float, end: float, step_s: float, dice: random.Random) -> Iterator[tuple[float, float]]:
    """A dry street, neither end included."""
    at = begin + step_s
    while at < end:
        if dice.random() >= LOST_SHARE:
            yield at, round(max(0.0, dice.gauss(0, NOISE_MM)), 1)
        at += step_s


def _next_begin(events: Sequence[SensorSeries], event: SensorSeries) -> list[float]:
    later = [other.samples[0][0] for other in events if other.samples[0][0] > event.samples[0][0]]
    return later[:1]


def _named(event: SensorSeries) -> str:
    return f"{event.name} {event.samples[0][0]:.0f}"
