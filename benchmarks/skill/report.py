"""The results as tables for a terminal and as one JSON object."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.skill import bars
from benchmarks.skill.bars import Bar
from benchmarks.skill.floodnet import ENGINE, Curve, Scores
from benchmarks.skill.folds import Forecasts
from benchmarks.skill.klab import SensorScore
from benchmarks.skill.measures import LEADS_MIN, WELL_FILLED, Score, brier, reliability
from benchmarks.skill.steps import StepScore, StepScores
from rencheng.domain.level import Level

HEADINGS = (
    "floods",
    *(f"POD>={lead}" for lead in LEADS_MIN),
    "FAR",
    "FAR*",
    "CSI",
    "lead med",
    "lead p10",
    "Brier",
    "false",
    "near",
    "/site-month",
    "unseen",
)

LEGEND = """POD>=n: share of floods warned of n minutes before or earlier. FAR: share of warnings in vain; FAR*: without
the hits of lead 0. lead: minutes, median and 10th percentile of hits. false: warnings in vain; near: those of them
where water reached 110/150 of the threshold. /site-month: false over the months that the sensors really stood; only
the recorded events of them are played, so it is a lower bound. unseen: floods of two samples or more, not warned of
by the second sample.
"""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured.

    Attributes:
        floodnet: by class, method and level.
        artefacts: by method and kind: raised yellow or above, of how many.
        unseen: by method the floods not warned of by the second sample above yellow.
        silent: crossings of yellow before which the sensor was silent for over two minutes, of how many.
        curve: by method (setting, scores by class) at yellow.
        creek: by method.
        klab: by sensor.
        steps: by interval and level, as gauges see floods that report less often.
        evaluations: by level every probability of the held-out models and what happened, warning or no warning.
    """

    floodnet: Scores
    artefacts: dict[str, dict[str, tuple[int, int]]]
    unseen: dict[str, list[str]]
    silent: tuple[int, int]
    curve: Curve
    creek: dict[str, Score]
    klab: Sequence[SensorScore]
    steps: StepScores
    evaluations: Forecasts

    @property
    def bars(self) -> list[Bar]:
        """What the issue asks for, beside these."""
        shipped = self.floodnet["all", ENGINE, Level.YELLOW]
        return [
            *bars.of_curve(self.curve),
            *bars.of_shipped(shipped, self.artefacts[ENGINE].values()),
            *bars.of_probabilities(self.evaluations),
            *bars.of_steps(self.steps),
            *bars.of_creek(self.creek),
            *bars.of_klab(self.klab),
        ]


def tables(results: Results) -> str:
    """What `make skill` prints."""
    silent, crossings = results.silent
    return "\n".join(
        [
            "FloodNet: 120 sensors, thresholds 50/150/270/400 mm",
            _table(
                ("class", "level", "method", *HEADINGS),
                [(of, level.word, name, *_cells(score)) for (of, name, level), score in results.floodnet.items()],
            ),
            LEGEND,
            f"Before {silent} of {crossings} crossings of 150 mm the sensor was silent for over two minutes.",
            *(
                f"Not warned of by the second sample, {name}: {', '.join(of)}"
                for name, of in results.unseen.items()
                if of
            ),
            "\nFloodNet at 150 mm: the curve, by the probability that the engine asks for, or the seconds of a line",
            _table(
                ("class", "method", "setting", *HEADINGS),
                [
                    (of, name, f"{setting:g}", *_cells(score))
                    for name, points in results.curve.items()
                    for setting, by_class in points
                    for of, score in by_class.items()
                ],
            ),
            "\nArtefacts that raise yellow or above",
            _artefacts(results),
            "\nFloods with two samples in a row above, by the interval at which a gauge reports; all phases of it",
            _table(
                ("interval", "level", "floods", "warned by the 2nd", "warned or doubtful", "late", "never", "doubts"),
                [(f"{at} min", level.word, *_step_cells(score)) for (at, level), score in results.steps.items()],
            ),
            *_elsewhere(results),
            "\nProbabilities of the held-out models at every sample, by tenths",
            _table(("level", "asked", "Brier", "forecast → happened (how often)"), list(_reliability(results))),
            "\nThe bars of the issue",
            _table(
                ("bar", "wanted", "measured", "met"),
                [
                    (bar.name, f"{'<=' if bar.at_most else '>='} {bar.wanted:g}", _number(bar.measured, 2), _met(bar))
                    for bar in results.bars
                ],
            ),
        ]
    )


def _elsewhere(results: Results) -> list[str]:
    """The creek, and the rivers' sensors."""
    return [
        "\nWalnut Creek, South State Street: a rise of 500 mm within 4 h",
        _table(("method", *HEADINGS), [(name, *_cells(score)) for name, score in results.creek.items()]),
        "\nKLab: warnings at yellow or above; at a faulty sensor all count as false",
        _table(
            ("sensor", "label", *results.klab[0].warnings, "doubts", "days", "named by its health"),
            [
                (
                    one.gauge.device_id,
                    one.gauge.label,
                    *map(str, one.warnings.values()),
                    str(one.doubts),
                    f"{one.days:.0f}",
                    ", ".join(one.named) or "–",
                )
                for one in results.klab
            ],
        ),
    ]


def as_json(results: Results) -> dict[str, Any]:
    """The report. Shares are numbers from 0 to 1, null where nothing can be said."""
    return {
        "floodnet": [
            {"class": of, "method": name, "level": level.word, **figures(score)}
            for (of, name, level), score in results.floodnet.items()
        ],
        "curve_150_mm": [
            {"class": of, "method": name, "setting": setting, **figures(score)}
            for name, points in results.curve.items()
            for setting, by_class in points
            for of, score in by_class.items()
        ],
        "artefacts": {
            name: {kind: {"raised": raised, "of": of} for kind, (raised, of) in kinds.items()}
            for name, kinds in results.artefacts.items()
        },
        "unseen_150_mm": results.unseen,
        "silent_before_crossing_150_mm": {"silent": results.silent[0], "of": results.silent[1]},
        "intervals": [
            {"minutes": step_min, "level": level.word, **asdict(score), "never": score.never}
            for (step_min, level), score in results.steps.items()
        ],
        "walnut_creek": [{"method": name, **figures(score)} for name, score in results.creek.items()],
        "klab": [
            {
                "sensor": score.gauge.device_id,
                "label": score.gauge.label,
                "warnings": dict(score.warnings),
                "named": list(score.named),
                "doubts": score.doubts,
                "days": score.days,
                "is_named": score.is_named,
            }
            for score in results.klab
        ],
        "probabilities": {
            level.word: {"asked": len(of), "brier": brier(of), "reliability": [asdict(one) for one in reliability(of)]}
            for level, of in results.evaluations.items()
        },
        "bars": [bar._asdict() | {"is_met": bar.is_met} for bar in results.bars],
    }


def figures(score: Score) -> dict[str, Any]:
    """A score in full."""
    bins = [asdict(one) | {"is_well_filled": one.number >= WELL_FILLED} for one in reliability(score.forecasts)]
    return {
        "floods": score.floods,
        "hits": score.hits,
        "pod": {str(lead): score.pod(lead) for lead in (0, *LEADS_MIN)},
        "far": score.far,
        "far_foreseen": score.far_foreseen,
        "csi": score.csi,
        "lead_median_min": score.lead_min(0.5),
        "lead_p10_min": score.lead_min(0.1),
        "brier": score.brier,
        "reliability": bins,
        "false": score.false,
        "near": score.near,
        "false_per_site_month": score.false_a_month,
        "unseen": score.unseen,
    }


def _reliability(results: Results) -> Iterator[tuple[str, ...]]:
    for level, of in results.evaluations.items():
        bins = "  ".join(f"{one.forecast:.2f} → {one.happened:.2f} ({one.number})" for one in reliability(of))
        yield level.word, f"{len(of)}", _number(brier(of), 3), bins


def _step_cells(score: StepScore) -> list[str]:
    shares = [score.warned / score.floods, score.known / score.floods, score.late / score.floods]
    return [str(score.floods), *(f"{share:.1%}" for share in shares), str(score.never), str(score.doubts)]


def _met(bar: Bar) -> str:
    return "yes" if bar.is_met else "no"


def _cells(score: Score) -> list[str]:
    shares = [score.pod(lead) for lead in LEADS_MIN] + [score.far, score.far_foreseen, score.csi]
    leads = [score.lead_min(0.5), score.lead_min(0.1)]
    return [
        str(score.floods),
        *(_number(share, 2) for share in shares),
        *(_number(lead, 1) for lead in leads),
        _number(score.brier, 3),
        str(score.false),
        str(score.near),
        _number(score.false_a_month, 3),
        str(score.unseen),
    ]


def _artefacts(results: Results) -> str:
    kinds = list(next(iter(results.artefacts.values())))
    rows = []
    for name, raised in results.artefacts.items():
        total = sum(one for one, _ in raised.values()), sum(of for _, of in raised.values())
        cells = [f"{one}/{of} = {one / of:.2f}" for one, of in [*(raised[kind] for kind in kinds), total]]
        rows.append((name, *cells))
    return _table(("method", *kinds, "all"), rows)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of words to the left, of numbers to the right."""
    lines = [list(headings), *map(list, rows)]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    texts = [any(cell[-1:].isalpha() for cell in column[1:]) for column in columns]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if is_text else cell.rjust(width)
            for cell, width, is_text in zip(line, widths, texts, strict=True)
        ).rstrip()
        for line in lines
    )
