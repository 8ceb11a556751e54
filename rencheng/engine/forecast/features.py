"""What the learned model is shown: numbers of a wet spell and of the gauge's earlier floods, each with a name.

Live running and training share this file, so that a model is asked what it was taught. Rates are in mm a minute,
depths in mm, times in minutes; NaN where a gauge has no history to tell.
"""

import cmath
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from math import isnan, log, nan, pi
from typing import NamedTuple

from rencheng.engine.water.event import FloodEvent, PastEvent, Sample

WINDOWS_S = (130.0, 190.0, 310.0, 610.0, 1210.0)
"""Two, three, five, ten and twenty minutes, with room for a late sample."""

STEP_S = 60.0
"""What stands before the first wet sample: a dry street, sampled each minute back from the last dry sample."""

SLOW_MM_PER_MIN = 0.2
NEVER_MIN = 500.0
"""A rise slower than this arrives at no time that matters."""

TIDE_S = 12.4206012 * 3600.0
"""The principal lunar semidiurnal tide M2. Source: its speed of 28.9841042 degrees an hour."""

TIDE_FLOODS_MIN = 2
TIDE_CONCENTRATION_MIN = 0.3
"""Floods that gather less around one phase of the tide than this are not the tide's. Proposal, cross-validated."""

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
"""In the order of a row."""

DAY_H = 1000.0


class PastEventSummary(NamedTuple):
    """What a gauge's earlier floods come to, whatever the moment.

    Attributes:
        usual: how many, mean log of the peak, mean minutes of the rise, mean of the fastest rises.
        tide: where the mean peak stands on the tide's circle.
        peaks_mm: from the lowest.
        last: the last of them.
    """

    usual: tuple[float, float, float, float]
    tide: complex
    peaks_mm: list[float]
    last: PastEvent


@lru_cache(maxsize=10_000)
def summarise(floods: tuple[PastEvent, ...]) -> PastEventSummary | None:
    """The same for each sample of a spell, so it is worked out once; None without floods."""
    if not floods:
        return None
    count = len(floods)
    usual = (
        float(count),
        sum(log(flood.peak_mm + 20.0) for flood in floods) / count,
        sum(flood.peak_s - flood.began_s for flood in floods) / 60.0 / count,
        sum(flood.fastest_mm_per_min for flood in floods) / count,
    )
    tide = sum(cmath.exp(2j * pi * (flood.peak_s % TIDE_S) / TIDE_S) for flood in floods) / count
    return PastEventSummary(usual, tide, sorted(flood.peak_mm for flood in floods), floods[-1])


def event_features(spell: FloodEvent) -> tuple[float, ...]:
    """The spell as its newest sample shows it."""
    time_s, depth_mm = spell.newest
    rises = _rises(spell)
    before_s, before_mm = spell.samples[-2] if len(spell.samples) > 1 else (spell.dry_s, 0.0)
    gap_min = min(max((time_s - before_s) / 60.0, 0.5), 30.0)
    return (
        depth_mm,
        *rises,
        (depth_mm - before_mm) / gap_min,
        (time_s - spell.began_s) / 60.0,
        spell.peak_mm,
        spell.peak_mm - depth_mm,
        (time_s - spell.peak_s) / 60.0,
        gap_min,
        spell.fastest_mm_per_min,
        _roughness(spell.samples, time_s - WINDOWS_S[3]),
    )


def history_features(earlier: PastEventSummary | None, time_s: float) -> tuple[float, ...]:
    """The gauge's earlier floods, as of now."""
    if earlier is None:
        return (0.0, nan, nan, nan, nan, nan, nan, nan)
    hours = (time_s - earlier.last.peak_s) / 3600.0
    return (
        *earlier.usual,
        *_tide(earlier, time_s),
        min(hours, DAY_H),
        earlier.last.peak_mm if hours < 30.0 else nan,  # noqa: PLR2004 - the last tide or the one before
    )


def threshold_features(
    spelled: tuple[float, ...], earlier: PastEventSummary | None, threshold_mm: float
) -> tuple[float, ...]:
    """How the spell stands to one threshold."""
    depth_mm = spelled[0]
    missing_mm = threshold_mm - depth_mm
    went_on = nan
    if earlier is not None:
        peaks_mm = earlier.peaks_mm
        reached = len(peaks_mm) - bisect_left(peaks_mm, max(depth_mm, 10.0))
        went_on = (len(peaks_mm) - bisect_left(peaks_mm, threshold_mm) + 0.5) / (reached + 2.0)
    return (
        threshold_mm,
        missing_mm,
        _arrival(missing_mm, spelled[2]),
        _arrival(missing_mm, spelled[3]),
        _arrival(missing_mm, spelled[4]),
        went_on,
    )


def _arrival(missing_mm: float, rise: float) -> float:
    """Minutes until a rise that goes on so has closed what is missing."""
    return min(missing_mm / rise, NEVER_MIN) if rise > SLOW_MM_PER_MIN else NEVER_MIN


def _rises(spell: FloodEvent) -> list[float]:
    """The least-squares slope over each window, shortest first, over the spell and the dry street before it."""
    newest_s = spell.samples[-1][0]
    found: list[float] = []
    count, sum_x, sum_y, sum_xx, sum_xy = 0, 0.0, 0.0, 0.0, 0.0
    for time_s, depth_mm in _backwards(spell, newest_s - WINDOWS_S[-1]):
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


def _backwards(spell: FloodEvent, until_s: float) -> Iterator[Sample]:
    """The samples from the newest back, and before them a dry street."""
    for sample in reversed(spell.samples):
        if sample[0] < until_s:
            return
        yield sample
    dry_s = spell.dry_s
    while dry_s >= until_s:
        yield dry_s, 0.0
        dry_s -= STEP_S


def _slope(count: int, sum_x: float, sum_y: float, sum_xx: float, sum_xy: float) -> float:
    spread = count * sum_xx - sum_x * sum_x
    return (count * sum_xy - sum_x * sum_y) / spread if spread > 0 else 0.0


def _roughness(samples: tuple[Sample, ...], begin_s: float) -> float:
    """How much of the way up and down over ten minutes led nowhere: 0 for water that only rises, mm."""
    way, before = 0.0, nan
    first = nan
    for time_s, depth_mm in samples:
        if time_s < begin_s:
            continue
        if isnan(before):
            first = depth_mm
        else:
            way += abs(depth_mm - before)
        before = depth_mm
    return way - abs(before - first) if not isnan(first) else 0.0


def _tide(earlier: PastEventSummary, time_s: float) -> tuple[float, float]:
    """Minutes until the phase of the tide at which this gauge's floods peaked, and how closely they gather there."""
    concentration = abs(earlier.tide)
    if len(earlier.peaks_mm) < TIDE_FLOODS_MIN or concentration < TIDE_CONCENTRATION_MIN:
        return nan, concentration
    ahead = cmath.phase(earlier.tide) - 2 * pi * (time_s % TIDE_S) / TIDE_S
    ahead = (ahead + pi) % (2 * pi) - pi
    return ahead / (2 * pi) * TIDE_S / 60.0, concentration
