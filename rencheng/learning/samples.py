"""From recordings to examples: the model's features at each sample, and whether the water then crossed a threshold.

The live gauge update and features are used, so that a model is trained on the numbers that it sees live.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import NamedTuple

from rencheng.engine.forecast.forecast import SHARE_FROM, feature_row
from rencheng.engine.forecast.model import HORIZON_S
from rencheng.engine.gauge import NEW, may_forecast
from rencheng.engine.gauge_update import update
from rencheng.engine.neighbours import RapidRise, counted, recent
from rencheng.engine.water.event import WET_MM, FloodEvent, PastEvent, is_rapid_rise

THRESHOLDS_MM = (50.0, 100.0, 150.0, 200.0, 270.0, 400.0)
"""A flood gives examples for every depth that it passes, or does not. Source: cross-validation; three depths gave less,
and ten no more."""

PER_EVENT = 30
"""An event gives at most this many examples a threshold, because a long tide is one flood. Of a longer event they are
taken evenly."""

NOT_WATER_WEIGHT = 0.3
"""Artefacts are invented, more frequent than in life, and mostly filtered before the model. With full weight they made
the model reject fast floods (inland POD at 3 minutes .64 instead of .69, at the same FAR)."""

EVENT_WEIGHT = 12.0
"""An event weighs the square root of its examples, and this many weigh one each: the examples of one flood are much
alike, and a tide has many where a cloudburst has few. Source: cross-validation; with equal weights, inland POD at
3 minutes was .67 instead of .73, at FAR .50."""


class Recording(NamedTuple):
    """The samples of one gauge.

    Attributes:
        device_id: the gauge; a gauge that is left out for a test is left out whole.
        samples: (s of the epoch, mm), in order of time.
        not_water: spans of artefacts (begin, end; s of the epoch): no sample in them is a crossing.
    """

    device_id: str
    samples: Sequence[tuple[float, float]]
    not_water: Sequence[tuple[float, float]] = ()


class _Moment(NamedTuple):
    """A sample at which the model is evaluated, and its weight."""

    event: FloodEvent
    past_events: tuple[PastEvent, ...]
    threshold_mm: float
    weight: float = 1.0


class Example(NamedTuple):
    """The features at a sample, and the outcome.

    Attributes:
        row: in the order of `FEATURE_NAMES`.
        crossed_s: how long after it the threshold was crossed; None if not within the horizon.
        is_water: the sample is water, not an artefact.
        device_id: the gauge.
        weight: its weight.
        rapid_rises_nearby: the recent rapid rises at other gauges; None: not known.
    """

    row: tuple[float, ...]
    crossed_s: float | None
    is_water: bool
    device_id: str
    weight: float = 1.0
    rapid_rises_nearby: int | None = None


def examples(recordings: Iterable[Recording], thresholds_mm: Sequence[float] = THRESHOLDS_MM) -> list[Example]:
    """Return every example of the recordings of one region."""
    replayed = [(recording, *_replay(recording, thresholds_mm)) for recording in recordings]
    rises = sorted((time_s, recording.device_id) for recording, _, times_s in replayed for time_s in times_s)
    return [
        example
        for recording, moments, _ in replayed
        for example in _examples_of(recording, moments, rises, len(replayed))
    ]


def _replay(recording: Recording, thresholds_mm: Sequence[float]) -> tuple[list[_Moment], list[float]]:
    """Return the moments at which the model is evaluated, and the times of rapid rises."""
    gauge = NEW
    moments: dict[tuple[float, float], list[_Moment]] = defaultdict(list)
    rises: list[float] = []
    for time_s, depth_mm in recording.samples:
        if gauge.measured_s is not None and time_s <= gauge.measured_s:
            continue
        gauge = update(gauge, time_s, depth_mm)
        event = gauge.event
        if event is None:
            continue
        if may_forecast(gauge, time_s) and is_rapid_rise(event):
            rises.append(time_s)
        if gauge.accepted_s != time_s or not gauge.is_trusted or depth_mm < WET_MM:
            continue
        for threshold_mm in thresholds_mm:
            if event.peak_mm < threshold_mm and depth_mm >= SHARE_FROM * threshold_mm:
                moments[event.began_s, threshold_mm].append(_Moment(event, gauge.past_events, threshold_mm))
    return [moment for of_event in moments.values() for moment in _weighted(of_event)], rises


def _weighted(moments: Sequence[_Moment]) -> list[_Moment]:
    """Return an event's moments at one threshold, or as many of them as it may have, with their weight."""
    kept = moments[:: 1 + (len(moments) - 1) // PER_EVENT]
    return [moment._replace(weight=sqrt(EVENT_WEIGHT / len(kept))) for moment in kept]


def _examples_of(
    recording: Recording, moments: Iterable[_Moment], rises: Sequence[RapidRise], gauges: int
) -> Iterator[Example]:
    crossings: dict[float, list[float]] = {}
    for event, past_events, threshold_mm, event_weight in moments:
        at_s = event.newest[0]
        if threshold_mm not in crossings:
            crossings[threshold_mm] = _crossings(recording, threshold_mm)
        is_water = not _is_in(recording.not_water, at_s)
        others = {name for _, name in rises[recent(rises, at_s)]} - {recording.device_id}
        yield Example(
            row=feature_row(event, past_events, threshold_mm),
            crossed_s=_next(crossings[threshold_mm], at_s),
            is_water=is_water,
            device_id=recording.device_id,
            weight=event_weight * (1.0 if is_water else NOT_WATER_WEIGHT),
            rapid_rises_nearby=counted(len(others), gauges),
        )


def _crossings(recording: Recording, threshold_mm: float) -> list[float]:
    spans = recording.not_water
    return [time_s for time_s, depth_mm in recording.samples if depth_mm >= threshold_mm and not _is_in(spans, time_s)]


def _is_in(spans: Sequence[tuple[float, float]], time_s: float) -> bool:
    return any(begin_s <= time_s <= end_s for begin_s, end_s in spans)


def _next(crossings: list[float], time_s: float) -> float | None:
    """Return how long after a moment the threshold is crossed, if within the horizon."""
    place = bisect_right(crossings, time_s)
    if place == len(crossings) or crossings[place] - time_s > HORIZON_S:
        return None
    return crossings[place] - time_s
