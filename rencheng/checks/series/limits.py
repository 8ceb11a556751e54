"""The limits of the tests of a series, by kind of gauge. Each number carries its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class SeriesLimits:
    """The thresholds of one kind of gauge.

    Attributes:
        gap_s: a longer silence is a gap.
        spike_suspect_mm, spike_fail_mm: how far a sample stands out from both neighbours.
        spike_span_s: neighbours further apart than this decide nothing about the sample between them.
        rate_mm_per_s: a faster change is flagged.
        noise_mm: a step no greater than this is noise, at any interval.
        flat_mm: a series whose samples all lie less than this apart does not move.
        flat_above_mm: at or below this depth a gauge is at rest, because a dry street is flat for months.
        flat_s, stuck_s: a series that does not move for longer is flat, or stuck.
        sources: the source of each of these limits.
    """

    gap_s: float
    spike_suspect_mm: float
    spike_fail_mm: float
    spike_span_s: float
    rate_mm_per_s: float
    noise_mm: float
    flat_mm: float
    flat_above_mm: float
    flat_s: float
    stuck_s: float
    sources: Mapping[str, str] = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reject limits that contradict themselves.

        Raises:
            ValueError: a limit has no source, or a suspect limit is beyond the one for failure.
        """
        unfounded = {one.name for one in fields(self)} - {"sources"} - set(self.sources)
        if unfounded:
            raise ValueError(f"each limit needs a source: {', '.join(sorted(unfounded))} have none")
        if self.spike_suspect_mm > self.spike_fail_mm or self.flat_s > self.stuck_s:
            raise ValueError("the limit for suspect must not exceed the limit for fail")


_QARTOD = "QARTOD water level 2.1"
_PROPOSED = "proposal, from the noise classes of FloodNet's street gauges; tune on the gauge's own record"
_SOURCES = {
    "gap_s": f"{_QARTOD}, test 1: TIM_INC one hour",
    "spike_suspect_mm": f"{_QARTOD}, test 6: 0.1 m",
    "spike_fail_mm": f"{_QARTOD}, test 6: 0.2 m",
    "spike_span_s": "FloodNet's filter: a blip lies within 5 minutes",
    "rate_mm_per_s": f"{_QARTOD}, test 7: at most 0.50 m in 6 minutes",
    "noise_mm": "FloodNet: ultrasonic noise about 1 % of the range, 25 mm at 2.5 m",
    "flat_mm": f"{_QARTOD}, test 8: EPS 1 mm",
    "flat_above_mm": f"{_PROPOSED}: their floor of noise is 10 mm",
    "flat_s": f"{_PROPOSED}: standing water ripples within the hour",
    "stuck_s": f"{_PROPOSED}: streets drain within 0.5 to 4 hours (GB 51222, unverified)",
}

STREET = SeriesLimits(
    gap_s=3600.0,
    spike_suspect_mm=100.0,
    spike_fail_mm=200.0,
    spike_span_s=300.0,
    rate_mm_per_s=500.0 / 360.0,
    noise_mm=25.0,
    flat_mm=1.0,
    flat_above_mm=20.0,
    flat_s=3600.0,
    stuck_s=6 * 3600.0,
    sources=_SOURCES,
)
"""An ultrasonic or radar gauge above a street."""

_KLAB = "tuned on KLab's Michigan streams, 19 sensors of 60 days: the obstructed are named, the clean are not"
CHANNEL = replace(
    STREET,
    gap_s=2 * 3600.0,
    spike_span_s=2 * 3600.0,
    flat_above_mm=float("-inf"),
    flat_s=6 * 3600.0,
    stuck_s=24 * 3600.0,
    sources=_SOURCES | dict.fromkeys(("gap_s", "spike_span_s", "flat_above_mm", "flat_s", "stuck_s"), _KLAB),
)
"""A gauge above a channel, river or creek: there is always water, and dry weather hardly moves it."""
