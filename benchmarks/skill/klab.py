"""KLab's rivers: what stuck, blocked and spiky sensors make of a method."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.skill import baselines, engine
from benchmarks.skill.recordings import LevelGauge, river_gauges, river_levels
from rencheng.backtest.matching import Claim, claims
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType

ABOVE_USUAL_MM = (50.0, 150.0, 270.0, 400.0)
"""A road's thresholds, laid on the sensor's median level: as low as any site's, so that a fault shows."""

NAMES_OF = {"stuck or blocked": ("stuck", "blocked"), "spiky": ("spiky",)}
"""What the sensor's health may call a fault that the authors labelled so."""

DAY_S = 86_400.0

METHODS = ("engine", "least squares", "static")


@dataclass(frozen=True, slots=True)
class SensorScore:
    """A sensor, by method how often it would have warned at yellow or above, and what its health was called.

    `doubts` are the notices of doubt in its `days`.

    At a faulty sensor each of them counts as false: nothing in its record can be told from the fault. At a sensor that
    works they are floods of the river, and stand beside for comparison.
    """

    gauge: LevelGauge
    warnings: Mapping[str, int]
    named: Sequence[str]
    doubts: int = 0
    days: float = 0.0

    @property
    def is_named(self) -> bool:
        """Whether a faulty sensor was called what it is: stuck or blocked, or spiky; a sound one by no name."""
        if not self.gauge.is_faulty:
            return not self.named
        return any(word in NAMES_OF[fault] for fault in self.gauge.label.split(", ") for word in self.named)


def scores() -> list[SensorScore]:
    """Every sensor, the faulty ones first."""
    levels = {series.name: series.samples for series in river_levels()}
    usual_mm = {name: statistics.median(mm for _, mm in samples) for name, samples in levels.items()}
    thresholds = {name: thresholds_above(mm) for name, mm in usual_mm.items()}
    answer = engine.run(engine.sites_of(thresholds, SiteType.CHANNEL), engine.rows_of(levels))
    gauges = sorted(river_gauges().values(), key=lambda gauge: not gauge.is_faulty)
    found = []
    for gauge in gauges:
        trends = baselines.trends(levels[gauge.device_id])
        yellow_mm = thresholds[gauge.device_id][WARNING_LEVELS.index(Level.YELLOW)]
        warned: dict[str, list[Claim]] = {
            "engine": claims(answer.issued[gauge.device_id], Level.YELLOW),
            "least squares": baselines.least_squares(trends, yellow_mm),
            "static": baselines.static(trends, yellow_mm),
        }
        named = sorted(answer.faults[gauge.device_id])
        days = (levels[gauge.device_id][-1][0] - levels[gauge.device_id][0][0]) / DAY_S
        counts = {method: len(warned[method]) for method in METHODS}
        found.append(SensorScore(gauge, counts, named, len(answer.doubts[gauge.device_id]), days))
    return found


def thresholds_above(usual_mm: float) -> engine.Thresholds:
    """Above the usual level; a threshold must lie above the sensor's zero."""
    blue, yellow, orange, red = (max(usual_mm, 0.0) + above_mm for above_mm in ABOVE_USUAL_MM)
    return blue, yellow, orange, red
