"""The issue's bars for skill, each beside what was measured. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from benchmarks.skill.creek import LEFT_OUT
from benchmarks.skill.floodnet import AMONG_ARTEFACTS, ENGINE, Curve
from benchmarks.skill.klab import SensorScore
from benchmarks.skill.measures import WELL_FILLED, Forecast, Score, reliability
from benchmarks.skill.steps import StepScores
from rencheng.domain.level import Level

CURVE_BARS = (
    ("all", 0.39, 5, 0.78),
    ("all", 0.39, 10, 0.55),
    ("all", 0.30, 5, 0.75),
    ("all", 0.30, 10, 0.50),
    ("inland", 0.40, 3, 0.60),
    ("inland", 0.50, 3, 0.70),
)
"""Class, FAR at most, lead in minutes, POD at least."""

NAMED = {AMONG_ARTEFACTS: "", ENGINE: ", floods alone"}
"""The issue embeds its floods among artefacts; what they cost is seen beside it."""


class Bar(NamedTuple):
    """What is asked for, in words and as a number, and what was measured; None if nothing could be.

    Attributes:
        name: what is measured.
        wanted: the figure that the issue asks for.
        measured: ours.
        at_most: whether less is better.
    """

    name: str
    wanted: float
    measured: float | None
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is."""
        if self.measured is None:
            return False
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


def of_curve(curve: Curve) -> Iterator[Bar]:
    """The whole curve, without artefacts and with them: the best point that keeps FAR below a bound."""
    for method, (of, far, lead_min, wanted) in product(NAMED, CURVE_BARS):
        name = f"{of}, FAR <= {far:.2f}: POD >= {lead_min} min{NAMED[method]}"
        yield Bar(name, wanted, best_pod(curve, of, far, lead_min, method))


def best_pod(curve: Curve, of: str, far: float, lead_min: float, method: str = ENGINE) -> float | None:
    """The highest POD of the method's points whose FAR is no greater; None if there is none."""
    scores = [by_class[of] for _, by_class in curve.get(method, ())]
    return max(
        (score.pod(lead_min) or 0.0 for score in scores if score.far is not None and score.far <= far), default=None
    )


def of_shipped(score: Score, artefacts: Iterable[tuple[int, int]]) -> Iterator[Bar]:
    """The shipped setting at yellow, all classes; artefacts as (raised, of)."""
    yield Bar("shipped setting: FAR", 0.30, score.far, at_most=True)
    counts = list(artefacts)
    share = sum(raised for raised, _ in counts) / sum(of for _, of in counts)
    yield Bar("shipped setting: artefacts that warn", 0.02, share, at_most=True)
    yield Bar("shipped setting: floods unseen by the second sample", 0, score.unseen, at_most=True)


def of_probabilities(evaluations: Mapping[Level, Sequence[Forecast]]) -> Iterator[Bar]:
    """How far what was said lies from what happened, in the worst well-filled bin."""
    pooled = [forecast for forecasts in evaluations.values() for forecast in forecasts]
    gaps = [abs(one.forecast - one.happened) for one in reliability(pooled) if one.number >= WELL_FILLED]
    yield Bar("reliability: greatest gap of a well-filled bin", 0.05, max(gaps, default=None), at_most=True)


def of_steps(steps: StepScores) -> Iterator[Bar]:
    """The worst interval, at each level: floods with two samples in a row above."""
    for level in dict.fromkeys(level for _, level in steps):
        scores = [score for (_, at), score in steps.items() if at is level and score.floods]
        yield Bar(f"{level.word}, any interval: never known", 0, max(one.never for one in scores), at_most=True)
        late = max(one.late / one.floods for one in scores)
        yield Bar(f"{level.word}, any interval: known later than by the second sample", 0.03, late, at_most=True)


def of_creek(scores: Mapping[str, Score]) -> Iterator[Bar]:
    """Walnut Creek, each storm left out."""
    score = scores[LEFT_OUT]
    yield Bar("creek: rises warned of, of 13", 10, score.hits)
    yield Bar("creek: in vain", 4, score.false, at_most=True)
    yield Bar("creek: median lead, min", 35, score.lead_min(0.5))


def of_klab(scores: Iterable[SensorScore]) -> Iterator[Bar]:
    """Faulty sensors."""
    faulty = [score for score in scores if score.gauge.is_faulty]
    yield Bar(
        "KLab: most false warnings of a faulty sensor", 1, max(one.warnings["engine"] for one in faulty), at_most=True
    )
    days = sum(one.days for one in faulty)
    if days:
        doubts, warnings = sum(one.doubts for one in faulty), sum(one.warnings["engine"] for one in faulty)
        yield Bar("KLab: doubtful a day at a faulty sensor", 0.1, doubts / days, at_most=True)
        yield Bar("KLab: yellow in vain a day at a faulty sensor", 0.05, warnings / days, at_most=True)
    yield Bar(f"KLab: named as labelled, of {len(faulty)}", len(faulty), sum(one.is_named for one in faulty))
