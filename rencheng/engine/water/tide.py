"""The tide at a gauge, learned from its past events: how deep the water usually is, at this phase of the tide."""

from functools import lru_cache

from rencheng.engine.water.event import PastEvent

TIDE_S = 12.4206012 * 3600.0
"""The principal lunar semidiurnal tide M2. Source: its speed of 28.9841042 degrees an hour."""

ALIKE_S = 3600.0
"""High waters of one coast come within an hour of the multiples of `TIDE_S`, over three days. Source: the sun shifts
them by up to an hour between spring and neap tide (priming and lagging)."""

LEARNED_FROM_S = 3 * 86_400.0 + ALIKE_S
EVENTS_MIN = 2
"""A street knows its tide from two events of the last three days at the same phase. Proposal."""

ABOVE_SHARE, ABOVE_MM = 0.15, 30.0
"""Water is above the usual from this share, and this depth, on: spring tides grow by less from day to day. Proposal."""


@lru_cache(maxsize=10_000)
def usual_peak_mm(past_events: tuple[PastEvent, ...], began_s: float) -> float | None:
    """Return how deep the tide usually becomes in an event that began at a moment; None if it is no known tide."""
    peaks_mm = [
        event.peak_mm
        for event in past_events
        if began_s - event.began_s <= LEARNED_FROM_S and _phase_s(began_s - event.began_s) <= ALIKE_S
    ]
    return max(peaks_mm) if len(peaks_mm) >= EVENTS_MIN else None


def is_above(depth_mm: float, usual_mm: float) -> bool:
    """Return whether a depth is clearly above the usual."""
    return depth_mm > max(usual_mm * (1.0 + ABOVE_SHARE), usual_mm + ABOVE_MM)


def _phase_s(apart_s: float) -> float:
    """Return how far a time is from the next multiple of the tide."""
    phase_s = apart_s % TIDE_S
    return min(phase_s, TIDE_S - phase_s)
