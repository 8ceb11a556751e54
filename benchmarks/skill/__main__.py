"""Measure everything, print tables, and write `build/skill/report.json` and pictures."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.skill import creek, floodnet, klab, steps
from benchmarks.skill.folds import evaluations, taught
from benchmarks.skill.measures import WELL_FILLED, Score, reliability
from benchmarks.skill.pictures import plot
from benchmarks.skill.report import Results, as_json, tables
from rencheng.domain.level import WARNING_LEVELS, Level

OUT = Path(__file__).resolve().parents[2] / "build" / "skill"

LONG_SILENCE_S = 120.0
"""The issue counts the crossings before which a sensor said nothing for so long."""


def main(out: Path = OUT) -> None:
    """Run all three parts."""
    results = measure()
    sys.stdout.write(f"{tables(results)}\n")
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
    for name, picture in pictures(results).items():
        (out / f"{name}.svg").write_text(picture, encoding="utf-8")
    sys.stdout.write("\nreport.json and pictures are in build/skill\n")


def measure() -> Results:
    """Every figure."""
    with _step("FloodNet"):
        lines = floodnet.timelines(with_artefacts=True)
    with _step("a model for each fold of sensors, from the others"):
        folds = taught(lines)
        played = floodnet.city(lines, folds)
    with _step(f"engine, {sum(len(line.samples) for line in lines):,} readings"):
        methods = {floodnet.ENGINE: floodnet.run_engine(played)}
    with _step("baselines and scores"):
        methods |= floodnet.run_baselines(lines)
        scores = floodnet.score(lines, methods)
    with _step("curve"):
        curve = floodnet.curve(folds)
        asked = evaluations(lines, folds, floodnet.THRESHOLDS_MM)
    with _step("intervals"):
        by_step = steps.scores(folds)
    with _step("creek and rivers"):
        by_creek, sensor_scores = dict(creek.scores()), klab.scores()
    crossings = [target for line in lines for target in line.targets(floodnet.threshold_of(Level.YELLOW))]
    return Results(
        floodnet=scores,
        artefacts={name: floodnet.artefacts_raised(lines, method, Level.YELLOW) for name, method in methods.items()},
        unseen={name: floodnet.unseen(lines, method, Level.YELLOW) for name, method in methods.items()},
        silent=(sum(target.silent_s > LONG_SILENCE_S for target in crossings), len(crossings)),
        curve=curve,
        creek=by_creek,
        klab=sensor_scores,
        steps=by_step,
        evaluations=asked,
    )


def pictures(results: Results) -> dict[str, str]:
    """By file name."""
    at_yellow = {
        f"{name}, {of}": score
        for (of, name, level), score in results.floodnet.items()
        if level is Level.YELLOW and name != floodnet.STATIC and of != "tidal"
    }
    return {
        "leads": plot(
            "Floods of 150 mm by lead",
            {name: [(lead, score.pod(lead) or 0.0) for lead in range(31)] for name, score in at_yellow.items()},
            x=("minutes before crossing, at least", 30.0),
            y=("share of floods", 1.0),
        ),
        "pod-far": plot(
            "150 mm: floods warned of 5 min ahead, against warnings in vain",
            {
                f"{name}, {of}": _points(points, of)
                for name, points in results.curve.items()
                for of in ("all", "inland")
            },
            x=("FAR", 1.0),
            y=("POD at lead >= 5 min", 1.0),
        ),
        "reliability": _reliability(results),
    }


def _points(points: list[tuple[float, dict[str, Score]]], of: str) -> list[tuple[float, float]]:
    return [(scores[of].far or 0.0, scores[of].pod(5) or 0.0) for _, scores in points]


def _reliability(results: Results) -> str:
    curves: dict[str, list[tuple[float, float]]] = {}
    for level in WARNING_LEVELS:
        bins = [one for one in reliability(results.evaluations[level]) if one.number >= WELL_FILLED]
        curves[level.word] = [(one.forecast, one.happened) for one in bins]
    return plot("Reliability", curves, x=("probability said", 1.0), y=("happened", 1.0), diagonal=True)


@contextmanager
def _step(title: str) -> Iterator[None]:
    began_at = time.perf_counter()
    yield
    sys.stderr.write(f"{title}: {time.perf_counter() - began_at:.1f} s\n")


if __name__ == "__main__":
    main()
