"""What a gauge is like: its reporting intervals, as they are learned from its reports."""

from rencheng.engine.gauge import GaugeState

REST_STEP_KEPT = 0.9
"""A gauge that reports on change sends some samples in quick succession when water goes; they must not hide that it
reports hourly above a dry street. A learned interval fades by this share with each sample. Proposal."""

ALIKE_SHARE, ALIKE_INTERVALS = 0.05, 2
"""Intervals are alike within this share; this many in a row after the first are a habit. Proposal."""


def rest_step(gauge: GaugeState, time_s: float) -> tuple[float, int]:
    """Return the reporting interval above a dry street, and how many in a row were alike.

    It is learned from intervals that are alike, because heartbeats are regular and gaps are not, and fades otherwise.
    """
    series, kept_s = gauge.series, REST_STEP_KEPT * gauge.rest_step_s
    if series.time_s is None or series.before_s is None:
        return kept_s, 0
    gap_s, before_s = time_s - series.time_s, series.time_s - series.before_s
    alike = gauge.rest_alike + 1 if abs(gap_s - before_s) <= ALIKE_SHARE * before_s else 0
    return (max(min(gap_s, before_s), kept_s) if alike >= ALIKE_INTERVALS else kept_s), alike
