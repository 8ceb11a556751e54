"""From recordings to examples: what the model would have been shown at each sample, and whether the water then came.

The gauge's own step and features are used, so that a model is taught with the very numbers that it is asked by.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from operator import itemgetter
from typing import NamedTuple

from rencheng.engine.forecast import forecast as outlooks
from rencheng.engine.forecast.forecast import SHARE_FROM
from rencheng.engine.forecast.model import HORIZON_S
from rencheng.engine.gauge import NEW, may_forecast, update
from rencheng.engine.neighbours import OTHERS_MIN, STORM_S
from rencheng.engine.water.event import WET_MM, FloodEvent, PastEvent, is_rapid_rise

THRESHOLDS_MM = (50.0, 100.0, 150.0, 200.0, 270.0, 400.0)
"""A flood teaches something of every depth that it passes, or does not. Source: cross-validation; three taught less,
and ten no more."""

PER_EVENT = 30
"""A spell weighs at most so many examples a threshold, however long it lasts: a long tide is one flood. Of a longer
one so many are taken, evenly."""

NOT_WATER_WEIGHT = 0.3
"""What is no water is invented, and more often than in life, and most of it never reaches the model: with full weight
it made the model disbelieve fast floods (inland POD at 3 minutes .64 instead of .69, at the same FAR)."""


class Recording(NamedTuple):
    """What one gauge measured.

    Attributes:
        device_id: the gauge; one that is left out for a test is left out whole.
        samples: (s of the epoch, mm), in order of time.
        not_water: spans known to be something else (begin, end; s of the epoch): nothing in them is a crossing.
    """

    device_id: str
    samples: Sequence[tuple[float, float]]
    not_water: Sequence[tuple[float, float]] = ()


EVENT_WEIGHT = 12.0
"""A spell weighs the square root of its examples, and so many weigh one each: those of one flood are much alike, and a
tide has many where a cloudburst has few. Source: cross-validation; with each example alike, inland POD at 3 minutes was
.67 instead of .73, at FAR .50."""


class _Moment(NamedTuple):
    """A sample at which the model is asked, and how much it counts."""

    spell: FloodEvent
    floods: tuple[PastEvent, ...]
    threshold_mm: float
    weight: float = 1.0


class Example(NamedTuple):
    """One question, and its answer.

    Attributes:
        row: in the order of `features.NAMES`.
        crossed_s: how long after it the threshold was crossed; None if it was not within the horizon.
        is_water: it was asked of water, and not of something else.
        device_id: whose it is.
        weight: how much it counts.
        stirred: at how many other gauges water rose swiftly of late; None: not known.
    """

    row: tuple[float, ...]
    crossed_s: float | None
    is_water: bool
    device_id: str
    weight: float = 1.0
    rapid_rises_nearby: int | None = None


def examples(recordings: Iterable[Recording], thresholds_mm: Sequence[float] = THRESHOLDS_MM) -> list[Example]:
    """Every question that the recordings of one region can answer."""
    heard = [(recording, *_heard(recording, thresholds_mm)) for recording in recordings]
    swift = sorted((time_s, recording.device_id) for recording, _, rises in heard for time_s in rises)
    return [example for recording, moments, _ in heard for example in _asked(recording, moments, swift, len(heard) - 1)]


def _heard(recording: Recording, thresholds_mm: Sequence[float]) -> tuple[list[_Moment], list[float]]:
    """The moments at which the model is asked, and when water rose swiftly."""
    gauge = NEW
    asked: dict[tuple[float, float], list[_Moment]] = defaultdict(list)
    swift: list[float] = []
    for time_s, depth_mm in recording.samples:
        if time_s <= gauge.series.time_s:
            continue
        gauge = update(gauge, time_s, depth_mm, fail_safe=False)
        spell = gauge.event
        if spell is None:
            continue
        if may_forecast(gauge, time_s) and is_rapid_rise(spell):
            swift.append(time_s)
        if gauge.accepted_s != time_s or not gauge.is_trusted or depth_mm < WET_MM:
            continue
        for threshold_mm in thresholds_mm:
            if spell.peak_mm < threshold_mm and depth_mm >= SHARE_FROM * threshold_mm:
                asked[spell.began_s, threshold_mm].append(_Moment(spell, gauge.past_events, threshold_mm))
    return [moment for moments in asked.values() for moment in _weighed(moments)], swift


def _weighed(moments: Sequence[_Moment]) -> list[_Moment]:
    """A spell's moments at one threshold, or as many of them as it may have."""
    kept = moments[:: 1 + (len(moments) - 1) // PER_EVENT]
    return [moment._replace(weight=sqrt(EVENT_WEIGHT / len(kept))) for moment in kept]


def _asked(
    recording: Recording, moments: Iterable[_Moment], swift: Sequence[tuple[float, str]], others: int
) -> Iterator[Example]:
    crossings: dict[float, list[float]] = {}
    for spell, floods, threshold_mm, spell_weight in moments:
        at_s = spell.newest[0]
        if threshold_mm not in crossings:
            crossings[threshold_mm] = _crossings(recording, threshold_mm)
        crossed_s = _next(crossings[threshold_mm], at_s)
        is_water = not _is_in(recording.not_water, at_s)
        stirred = _rapid_rises_nearby(swift, recording.device_id, at_s) if others >= OTHERS_MIN else None
        weight = spell_weight * (1.0 if is_water else NOT_WATER_WEIGHT)
        row = outlooks.feature_row(spell, floods, threshold_mm)
        yield Example(row, crossed_s, is_water, recording.device_id, weight, stirred)


def _rapid_rises_nearby(swift: Sequence[tuple[float, str]], device_id: str, at_s: float) -> int:
    """At how many other gauges water rose swiftly of late, as `neighbours` counts them."""
    first, last = bisect_left(swift, (at_s - STORM_S, "")), bisect_right(swift, at_s, key=itemgetter(0))
    return len({name for _, name in swift[first:last]} - {device_id})


def _crossings(recording: Recording, threshold_mm: float) -> list[float]:
    spans = recording.not_water
    return [time_s for time_s, depth_mm in recording.samples if depth_mm >= threshold_mm and not _is_in(spans, time_s)]


def _is_in(spans: Sequence[tuple[float, float]], time_s: float) -> bool:
    return any(begin_s <= time_s <= end_s for begin_s, end_s in spans)


def _next(crossings: list[float], time_s: float) -> float | None:
    """How long after a moment the water is there, if within the horizon."""
    place = bisect_right(crossings, time_s)
    if place == len(crossings) or crossings[place] - time_s > HORIZON_S:
        return None
    return crossings[place] - time_s
