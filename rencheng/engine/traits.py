"""What a gauge is like, as registered or learned: its reporting intervals, its resolution, switch or electrodes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from rencheng.checks.limits import GAUGES, GaugeLimits
from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.domain.device import Device, GaugeKind
from rencheng.engine.arrival import UNKNOWN, Expected
from rencheng.engine.gauge import GaugeState
from rencheng.engine.water.event import WET_MM

REST_STEP_KEPT = 0.9
"""A gauge that reports on change sends some samples in quick succession when water goes; they must not hide that it
reports hourly above a dry street. A learned interval fades by this share with each sample. Proposal."""

ALIKE_SHARE, ALIKE_INTERVALS = 0.05, 2
"""Intervals are alike within this share; this many in a row after the first are a habit. Proposal."""


def rest_step(gauge: GaugeState, time_s: float) -> tuple[float, int]:
    """Return the reporting interval above a dry street, and how many in a row were alike.

    It is learned from intervals that are alike, because heartbeats are regular and gaps are not, and fades otherwise.
    The first interval counts until another one is known.
    """
    series, kept_s = gauge.series, REST_STEP_KEPT * gauge.rest_step_s
    if series.time_s is None:
        return kept_s, 0
    if series.before_s is None:
        return time_s - series.time_s, 0
    gap_s, before_s = time_s - series.time_s, series.time_s - series.before_s
    if not -ALIKE_SHARE * before_s <= gap_s - before_s <= ALIKE_SHARE * before_s:
        return kept_s, 0
    alike = gauge.rest_alike + 1
    return (max(min(gap_s, before_s), kept_s) if alike >= ALIKE_INTERVALS else kept_s), alike


@dataclass(frozen=True, slots=True)
class GaugeTraits:
    """What the registry says of a gauge.

    Attributes:
        expected: of its reports.
        resolution_mm: the step of its depths; None if it is not known.
        measures: what its depths are.
        steps_mm: the heights of its switch or electrodes.
        limits: of the series tests, if they are the operator's; None: those of the type of site.
    """

    expected: Expected = UNKNOWN
    resolution_mm: float | None = None
    measures: GaugeKind = GaugeKind.LEVEL
    steps_mm: tuple[float, ...] = ()
    limits: SeriesLimits | None = None

    @property
    def is_stepped(self) -> bool:
        """Whether it has a switch or electrodes: it stands still and jumps because that is how it measures."""
        return self.measures is not GaugeKind.LEVEL


PLAIN = GaugeTraits()
"""A level gauge of which nothing else is registered."""

STEPPED = replace(
    STREET,
    flat_s=inf,
    stuck_s=inf,
    sources={**STREET.sources, "flat_s": "a switch stands still in any water", "stuck_s": "the same"},
)
"""The limits of a switch or of electrodes."""


def traits_of(device: Device, limits: Mapping[str, GaugeLimits] = GAUGES) -> GaugeTraits:
    """Return the traits of a registered gauge; `limits` are those of each kind, with the operator's changes."""
    own = limits.get(device.gauge)
    changed = own.series if own is not None and own is not GAUGES.get(device.gauge) else None
    registered = (device.interval_s, device.interval_dry_s, device.latency_s)
    if changed is None and not any(registered) and device.resolution_mm is None and device.measures is GaugeKind.LEVEL:
        return PLAIN
    return GaugeTraits(
        expected=Expected(*registered) if any(registered) else UNKNOWN,
        resolution_mm=device.resolution_mm,
        measures=device.measures,
        steps_mm=tuple(sorted(device.steps_mm)),
        limits=STEPPED if device.measures is not GaugeKind.LEVEL else changed,
    )


def as_depth_mm(traits: GaugeTraits, value: float) -> float:
    """Return the depth that a value stands for: of a switch, that it is on; of electrodes, the highest under water."""
    if not traits.steps_mm:
        return value
    if traits.measures is GaugeKind.SWITCH:
        return traits.steps_mm[0] if value > 0 else 0.0
    return max((mm for mm in traits.steps_mm if mm <= value + WET_MM), default=0.0)


def expected_interval_s(gauge: GaugeState) -> float | None:
    """Return how long a gauge usually takes to its next report now; None if that is not known."""
    expected, step_s = gauge.expected, gauge.step_s
    registered_s = expected.interval_s
    if gauge.accepted_mm is not None and gauge.accepted_mm < WET_MM:
        registered_s = expected.interval_dry_s or registered_s
        step_s = None if step_s is None else max(step_s, gauge.rest_step_s)
    if step_s is None or registered_s is None:
        return registered_s if step_s is None else step_s
    return max(step_s, registered_s)
