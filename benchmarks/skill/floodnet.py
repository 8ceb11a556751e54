"""FloodNet: real floods of 120 streets, told apart by what drives them; and what is no water."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from benchmarks.skill import baselines, engine
from benchmarks.skill.measures import Score, pooled
from benchmarks.skill.recordings import flood_events, flood_sensors
from benchmarks.skill.timeline import DRY_S, Timeline, lay_out
from rencheng.backtest.input_rows import Row
from rencheng.backtest.matching import PROMISE_S, Claim, IssuedLevel, claims, forecasts, match
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import Site, SiteType
from rencheng.engine.forecast.model import HORIZON_S, Model

THRESHOLDS_MM = (50.0, 150.0, 270.0, 400.0)
HORIZONS_S = (120.0, 300.0, 600.0, 900.0, 1500.0)
RAISES_AT = (0.2, 0.3, *(percent / 100 for percent in range(40, 82, 2)), 0.9)
"""The curve: how much is foreseen, and how much in vain, as least squares looks further ahead, and as the engine asks
for more probability: in even steps, so that no point is there for the sake of a bound."""

AMONG_ARTEFACTS = "engine, artefacts between"
AMONG_RAISES_AT = RAISES_AT[2:-1]
"""The curve again, with something that is no water some hours before each flood: a gauge that lied is in doubt."""

NEAR_SHARE = 110 / 150
"""Water that reaches this much of a threshold is a near miss: the issue's 110 to 150 mm."""

CLASSES = ("all", "inland", "tidal")
ENGINE, LEAST_SQUARES, STATIC = "engine", "least squares", "static"

Warned = Mapping[str, Mapping[Level, Sequence[Claim]]]
"""By sensor and level the warnings of one method."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method's warnings on all timelines, and what it said in the engine's own words, if it did."""

    warned: Warned
    issued: Mapping[str, Sequence[IssuedLevel]]


Rule = Callable[[Sequence[baselines.Trend], float], list[Claim]]
"""From the trends of a sensor and a threshold to a baseline's warnings."""

Scores = dict[tuple[str, str, Level], Score]
"""By class, method and level."""

Curve = dict[str, list[tuple[float, dict[str, Score]]]]
"""By method (setting, scores by class)."""


CURVE_DRY_S = 900.0
"""The curve is played many times, and a quarter of an hour of dry weather is all that a window of ten minutes sees."""


def timelines(*, with_artefacts: bool, dry_s: float = DRY_S, one_in: int = 1, first: int = 0) -> list[Timeline]:
    """A timeline for each sensor that ever saw water, or for one in so many from the `first` on."""
    chosen = set(sorted({event.name for event in flood_events()})[first::one_in])
    events = sorted((event for event in flood_events() if event.name in chosen), key=lambda event: event.name)
    sensors = flood_sensors()
    return [
        lay_out(sensors[name], list(group), with_artefacts=with_artefacts, dry_s=dry_s)
        for name, group in itertools.groupby(events, key=lambda event: event.name)
    ]


def rows_of(lines: Iterable[Timeline]) -> list[Row]:
    """Sensors side by side, in order of event time, as in a city."""
    return engine.rows_of({line.sensor.sensor_id: line.samples for line in lines})


class Fold(NamedTuple):
    """Sensors, and a model that has never seen them."""

    sensors: frozenset[str]
    model: Model


class Played(NamedTuple):
    """The city: all readings, all sites, and for each a model that has never seen its sensor."""

    rows: list[Row]
    sites: dict[str, Site]
    models: dict[str, Model]


def city(lines: Sequence[Timeline], folds: Iterable[Fold]) -> Played:
    """All streets at once, as they lie in one city."""
    models = {name: fold.model for fold in folds for name in fold.sensors}
    thresholds = {line.sensor.sensor_id: THRESHOLDS_MM for line in lines}
    return Played(rows_of(lines), engine.sites_of(thresholds, SiteType.ROAD), models)


def run_engine(played: Played) -> Method:
    """What the engine says to the readings of all sensors, as it is shipped but for the models."""
    issued = engine.run_each_by(played.models, played.sites, played.rows).issued
    return Method({name: {level: claims(of, level) for level in WARNING_LEVELS} for name, of in issued.items()}, issued)


def run_baselines(lines: Sequence[Timeline]) -> dict[str, Method]:
    """The static threshold, and least squares."""
    found = {line.sensor.sensor_id: baselines.trends(line.samples) for line in lines}
    rules = {LEAST_SQUARES: baselines.least_squares, STATIC: baselines.static}
    return {name: _baseline(found, rule) for name, rule in rules.items()}


def score(lines: Iterable[Timeline], methods: Mapping[str, Method], levels: Sequence[Level] = WARNING_LEVELS) -> Scores:
    """Every method, level and class. What begins within an artefact is not counted here, but there."""
    scores: Scores = {}
    each = list(lines)
    for (name, method), level in itertools.product(methods.items(), levels):
        of = {line.sensor.sensor_id: _score(line, method, level) for line in each}
        for flood_class in CLASSES:
            chosen = (of[line.sensor.sensor_id] for line in each if is_in(line, flood_class))
            scores[flood_class, name, level] = pooled(chosen)
    return scores


def curve(folds: Sequence[Fold]) -> Curve:
    """By method, for each setting the scores by class at yellow."""
    lines = timelines(with_artefacts=False, dry_s=CURVE_DRY_S)
    found = {line.sensor.sensor_id: baselines.trends(line.samples) for line in lines}
    points: Curve = {
        ENGINE: _engine_curve(lines, folds, RAISES_AT),
        AMONG_ARTEFACTS: _engine_curve(timelines(with_artefacts=True), folds, AMONG_RAISES_AT),
        LEAST_SQUARES: [],
    }
    for horizon_s in HORIZONS_S:
        method = _baseline(found, partial(baselines.least_squares, horizon_s=horizon_s))
        points[LEAST_SQUARES].append((horizon_s, _at_yellow(lines, method)))
    return points


def _engine_curve(
    lines: Sequence[Timeline], folds: Iterable[Fold], raises_at: Iterable[float]
) -> list[tuple[float, dict[str, Score]]]:
    played = city(lines, folds)
    points = []
    for probability in raises_at:
        with engine.raising_at(probability):
            points.append((probability, _at_yellow(lines, run_engine(played))))
    return points


def _at_yellow(lines: Sequence[Timeline], method: Method) -> dict[str, Score]:
    scores = score(lines, {"": method}, (Level.YELLOW,))
    return {of: scores[of, "", Level.YELLOW] for of in CLASSES}


def artefacts_raised(lines: Iterable[Timeline], method: Method, level: Level) -> dict[str, tuple[int, int]]:
    """By kind of artefact: how many raised a warning at the level or above, of how many."""
    raised: dict[str, tuple[int, int]] = {}
    for line in lines:
        warnings = method.warned[line.sensor.sensor_id][level]
        for artefact in line.artefacts:
            until = artefact.ends + PROMISE_S
            is_raised = any(artefact.begins <= warning.begin <= until for warning in warnings)
            before = raised.get(artefact.kind, (0, 0))
            raised[artefact.kind] = before[0] + is_raised, before[1] + 1
    return raised


def unseen(lines: Iterable[Timeline], method: Method, level: Level) -> list[str]:
    """The floods of two or more samples above that were not warned of by the second."""
    return [name for line in lines for name in _unseen(line, method.warned[line.sensor.sensor_id][level], level)]


def is_in(line: Timeline, flood_class: str) -> bool:
    """Whether a sensor is of a class."""
    return flood_class == "all" or (flood_class == "tidal") == line.sensor.is_tidal


def _baseline(found: Mapping[str, Sequence[baselines.Trend]], rule: Rule) -> Method:
    warned = {
        name: {level: rule(of, threshold_mm) for level, threshold_mm in zip(WARNING_LEVELS, THRESHOLDS_MM, strict=True)}
        for name, of in found.items()
    }
    return Method(warned, {})


def _score(line: Timeline, method: Method, level: Level) -> Score:
    name, threshold_mm = line.sensor.sensor_id, threshold_of(level)
    targets = line.targets(threshold_mm)
    matched = match(targets, method.warned[name][level], PROMISE_S)
    false = [warning for warning in matched.false if not line.is_artefact(warning.begin, PROMISE_S)]
    near = [warning for warning in false if _comes_near(line, warning, threshold_mm)]
    issued = [one for one in method.issued.get(name, ()) if one.level == level]
    return Score(
        leads_s=matched.leads_s,
        false=len(false),
        near=len(near),
        unseen=len(_unseen(line, method.warned[name][level], level)),
        site_months=line.sensor.months,
        forecasts=tuple(forecasts(issued, {level: targets}, HORIZON_S)),
    )


def _unseen(line: Timeline, warnings: Sequence[Claim], level: Level) -> list[str]:
    targets = line.targets(threshold_of(level))
    return [
        target.name
        for target in targets
        if target.seen_twice_at is not None
        and not any(warning.begin <= target.seen_twice_at <= warning.end for warning in warnings)
    ]


def _comes_near(line: Timeline, warning: Claim, threshold_mm: float) -> bool:
    until = max(min(warning.end, warning.begin + 3600), warning.begin + PROMISE_S)
    return line.peak_mm(warning.begin - 600, until) >= NEAR_SHARE * threshold_mm


def threshold_of(level: Level) -> float:
    """The depth at which a level begins here."""
    return THRESHOLDS_MM[WARNING_LEVELS.index(level)]
