"""The features of the learned model: named numbers of a flood event and of the gauge's past events.

The live engine and training share this file, so that a model sees the features that it was trained on. Rates are in mm
a minute, depths in mm, times in minutes. NaN stands for a feature without a value, because LightGBM does the same.
"""

import cmath
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from math import isnan, log, nan, pi
from typing import NamedTuple

from rencheng.engine.water.event import FloodEvent, PastEvent, Sample
from rencheng.engine.water.tide import TIDE_S

WINDOWS_S = (130.0, 190.0, 310.0, 610.0, 1210.0)
"""Two, three, five, ten and twenty minutes, with a margin for a late sample."""

STEP_S = 60.0
"""Before the first wet sample a dry street is assumed, sampled each minute back from the last dry sample."""

SLOW_MM_PER_MIN = 0.2
NEVER_MIN = 500.0
"""A slower rise never arrives; its arrival is this many minutes."""

TIDE_FLOODS_MIN = 2
TIDE_CONCENTRATION_MIN = 0.3
"""Past events that gather less than this around one phase of the tide are not tidal. Proposal, cross-validated."""

EVENT_FEATURES = (
    "depth_mm",
    "rise_2",
    "rise_3",
    "rise_5",
    "rise_10",
    "rise_20",
    "last_rise",
    "age_min",
    "peak_mm",
    "below_peak_mm",
    "since_peak_min",
    "gap_min",
    "fastest",
    "roughness",
)
HISTORY_FEATURES = (
    "floods",
    "usual_peak",
    "usual_rise_min",
    "usual_fastest",
    "tide_min",
    "tide_concentration",
    "last_flood_h",
    "last_peak_mm",
)
THRESHOLD_FEATURES = ("threshold_mm", "missing_mm", "arrival_3_min", "arrival_5_min", "arrival_10_min", "went_on_share")
FEATURE_NAMES = (*EVENT_FEATURES, *HISTORY_FEATURES, *THRESHOLD_FEATURES)
"""The order of a row."""

PAST_EVENT_H_MAX = 1000.0
"""The last past event is never longer ago than this, in hours."""


class PastEventSummary(NamedTuple):
    """The part of the history features that does not depend on the moment.

    Attributes:
        usual: the number of past events, the means of log peak, minutes of the rise, and fastest rise.
        tide: the mean of the peaks' positions on the circle of the tide.
        peaks_mm: from the lowest.
        last: the last past event.
    """

    usual: tuple[float, float, float, float]
    tide: complex
    peaks_mm: list[float]
    last: PastEvent


@lru_cache(maxsize=10_000)
def summarise(past_events: tuple[PastEvent, ...]) -> PastEventSummary | None:
    """Return the summary of past events; None without any. It is cached, because it is the same for a whole event."""
    if not past_events:
        return None
    count = len(past_events)
    usual = (
        float(count),
        sum(log(event.peak_mm + 20.0) for event in past_events) / count,
        sum(event.peak_s - event.began_s for event in past_events) / 60.0 / count,
        sum(event.fastest_mm_per_min for event in past_events) / count,
    )
    tide = sum(cmath.exp(2j * pi * (event.peak_s % TIDE_S) / TIDE_S) for event in past_events) / count
    return PastEventSummary(usual, tide, sorted(event.peak_mm for event in past_events), past_events[-1])


def event_features(event: FloodEvent) -> tuple[float, ...]:
    """Return the features of an event at its newest sample."""
    time_s, depth_mm = event.newest
    rises = _rises(event)
    before_s, before_mm = event.samples[-2] if len(event.samples) > 1 else (event.dry_s, 0.0)
    gap_min = min(max((time_s - before_s) / 60.0, 0.5), 30.0)
    return (
        depth_mm,
        *rises,
        (depth_mm - before_mm) / gap_min,
        (time_s - event.began_s) / 60.0,
        event.peak_mm,
        event.peak_mm - depth_mm,
        (time_s - event.peak_s) / 60.0,
        gap_min,
        event.fastest_mm_per_min,
        _roughness(event.samples, time_s - WINDOWS_S[3]),
    )


def history_features(history: PastEventSummary | None, time_s: float) -> tuple[float, ...]:
    """Return the features of the gauge's past events at a moment."""
    if history is None:
        return (0.0, nan, nan, nan, nan, nan, nan, nan)
    hours = (time_s - history.last.peak_s) / 3600.0
    return (
        *history.usual,
        *_tide(history, time_s),
        min(hours, PAST_EVENT_H_MAX),
        history.last.peak_mm if hours < 30.0 else nan,  # noqa: PLR2004 - the last tide or the one before
    )


def threshold_features(
    event_row: tuple[float, ...], history: PastEventSummary | None, threshold_mm: float
) -> tuple[float, ...]:
    """Return the features of one threshold."""
    depth_mm = event_row[0]
    missing_mm = threshold_mm - depth_mm
    went_on = nan
    if history is not None:
        peaks_mm = history.peaks_mm
        reached = len(peaks_mm) - bisect_left(peaks_mm, max(depth_mm, 10.0))
        went_on = (len(peaks_mm) - bisect_left(peaks_mm, threshold_mm) + 0.5) / (reached + 2.0)
    return (
        threshold_mm,
        missing_mm,
        _arrival(missing_mm, event_row[2]),
        _arrival(missing_mm, event_row[3]),
        _arrival(missing_mm, event_row[4]),
        went_on,
    )


def _arrival(missing_mm: float, rise: float) -> float:
    """Return the minutes until a constant rise closes the missing depth."""
    return min(missing_mm / rise, NEVER_MIN) if rise > SLOW_MM_PER_MIN else NEVER_MIN


def _rises(event: FloodEvent) -> list[float]:
    """Return the least-squares slope over each window, shortest first, over the event and the dry street before it."""
    newest_s = event.samples[-1][0]
    found: list[float] = []
    count, sum_x, sum_y, sum_xx, sum_xy = 0, 0.0, 0.0, 0.0, 0.0
    for time_s, depth_mm in _backwards(event, newest_s - WINDOWS_S[-1]):
        x = (time_s - newest_s) / 60.0
        while -x * 60.0 > WINDOWS_S[len(found)]:
            found.append(_slope(count, sum_x, sum_y, sum_xx, sum_xy))
        count += 1
        sum_x += x
        sum_y += depth_mm
        sum_xx += x * x
        sum_xy += x * depth_mm
    last = _slope(count, sum_x, sum_y, sum_xx, sum_xy)
    return found + [last] * (len(WINDOWS_S) - len(found))


def _backwards(event: FloodEvent, until_s: float) -> Iterator[Sample]:
    """Yield the samples from the newest back, and before them a dry street."""
    for sample in reversed(event.samples):
        if sample[0] < until_s:
            return
        yield sample
    dry_s = event.dry_s
    while dry_s >= until_s:
        yield dry_s, 0.0
        dry_s -= STEP_S


def _slope(count: int, sum_x: float, sum_y: float, sum_xx: float, sum_xy: float) -> float:
    spread = count * sum_xx - sum_x * sum_x
    return (count * sum_xy - sum_x * sum_y) / spread if spread > 0 else 0.0


def _roughness(samples: tuple[Sample, ...], begin_s: float) -> float:
    """Return the path up and down since a moment less the net change, mm: 0 for water that only rises."""
    path_mm, before = 0.0, nan
    first = nan
    for time_s, depth_mm in samples:
        if time_s < begin_s:
            continue
        if isnan(before):
            first = depth_mm
        else:
            path_mm += abs(depth_mm - before)
        before = depth_mm
    return path_mm - abs(before - first) if not isnan(first) else 0.0


def _tide(history: PastEventSummary, time_s: float) -> tuple[float, float]:
    """Return the minutes until the phase of the tide at which past events peaked, and their concentration there."""
    concentration = abs(history.tide)
    if len(history.peaks_mm) < TIDE_FLOODS_MIN or concentration < TIDE_CONCENTRATION_MIN:
        return nan, concentration
    ahead = cmath.phase(history.tide) - 2 * pi * (time_s % TIDE_S) / TIDE_S
    ahead = (ahead + pi) % (2 * pi) - pi
    return ahead / (2 * pi) * TIDE_S / 60.0, concentration
