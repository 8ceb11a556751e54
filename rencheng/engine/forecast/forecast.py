"""The forecast of a flood event: the probability and time of crossing each threshold.

There are two independent methods: the learned model, and the rate of rise, which needs no past events, no training and
no file. The rate of rise is used where there is no model, or none that was trained for the place.
"""

from math import erf, exp, log, sqrt

from msgspec import Struct
from msgspec.structs import replace

from rencheng.engine.forecast import features
from rencheng.engine.forecast.model import Z_90, Model
from rencheng.engine.water.event import RAPID_MM_PER_MIN, FloodEvent, PastEvent

HORIZONS_S = (300.0, 600.0, 900.0, 1800.0)
"""5, 10, 15 and 30 minutes."""

SHARE_FROM = 0.1
"""Below this share of a threshold there is no forecast of it: the model was not trained there either."""

NEGLIGIBLE = 0.03
"""A lower probability raises and holds nothing, and most of a flood is its fall: the trees are not evaluated then."""

WINDOW_S = 600.0
"""The span of the line. For a slow gauge the line goes through its last samples instead."""

SAMPLES_MIN = 3
"""A line through two samples follows every ripple."""

LINE_SAMPLES = 3
LINE_MINUTES_MAX = 10.0
"""The line goes through the last three samples, or from the dry street to the first, within ten minutes."""

GOES_ON = 0.85
"""How often water that rises toward a threshold gets there. Proposal."""
SPREAD = 0.6
"""Spread of the natural log of the straight line's arrival. Proposal: within a factor of two, two times of three."""
RATE_OF_RISE = "rate-of-rise"


class ThresholdForecast(Struct, frozen=True):
    """The forecast of one threshold.

    Attributes:
        probability: of a crossing within 30 minutes; by the rate of rise, within the profile's horizon.
        within: of a crossing within each of `HORIZONS_S`.
        eta_s: the median of the arrival time.
        earliest_s, latest_s: its 10th and 90th percentile; 80 % of the crossings come between them.
    """

    probability: float
    within: tuple[float, ...]
    eta_s: float
    earliest_s: float
    latest_s: float


class Forecast(Struct, frozen=True, gc=False):
    """The forecast of a gauge's event.

    Attributes:
        thresholds: from the lowest threshold; None where there is no forecast.
        rise_mm_per_min: the rate of rise of the last ten minutes; None with too few samples.
        judged_by: the version of the model, or `rate-of-rise`.
        rapid_rises_nearby: the number that the model used; None: not known.
    """

    thresholds: tuple[ThresholdForecast | None, ...]
    rise_mm_per_min: float | None
    judged_by: str
    rapid_rises_nearby: int | None = None


def forecast_thresholds(
    event: FloodEvent,
    past_events: tuple[PastEvent, ...],
    thresholds_mm: tuple[float, ...],
    model: Model | None,
    horizon_s: float,
    rapid_rises_nearby: int | None = None,
) -> Forecast:
    """Return the forecast of an event at its newest sample.

    Args:
        event: the event.
        past_events: the gauge's events before it.
        thresholds_mm: from the lowest, above the gauge's zero.
        model: the forecast model; None: the rate of rise alone.
        horizon_s: how far the rate of rise is extrapolated.
        rapid_rises_nearby: the recent rapid rises at other sites of the region; None: not known.
    """
    rise = rise_mm_per_min(event)
    if model is None:
        depth_mm = event.newest[1]
        straight = tuple(
            None if one is None else _no_later_than(one, line_arrival_s(event, mm))
            for mm in thresholds_mm
            for one in (_straight(depth_mm, rise, mm, horizon_s),)
        )
        return Forecast(thresholds=straight, rise_mm_per_min=rise, judged_by=RATE_OF_RISE)
    event_row = features.event_features(event)
    past = features.summarise(past_events)
    history = features.history_features(past, event.samples[-1][0])
    is_high = event_row[0] >= thresholds_mm[-1]
    leaves = 0 if is_high else model.forest.leaves((*event_row, *history))
    learned: list[ThresholdForecast | None] = []
    for threshold_mm in thresholds_mm:
        threshold = None
        if SHARE_FROM * threshold_mm <= event_row[0] < threshold_mm:
            row = features.threshold_features(event_row, past, threshold_mm)
            threshold = _learned(model, leaves, row, rapid_rises_nearby)
            threshold = _no_later_than(threshold, line_arrival_s(event, threshold_mm))
        learned.append(threshold)
        if threshold is not None and threshold.probability < NEGLIGIBLE:
            break  # water that does not reach this threshold does not reach a higher one
    learned += [None] * (len(thresholds_mm) - len(learned))
    return Forecast(
        thresholds=tuple(learned),
        rise_mm_per_min=rise,
        judged_by=model.version,
        rapid_rises_nearby=rapid_rises_nearby,
    )


def line_arrival_s(event: FloodEvent, threshold_mm: float) -> float | None:
    """Return when the line through the last samples reaches a threshold, seconds; None unless it rises fast."""
    newest_s, depth_mm = event.newest
    before_s, before_mm = event.samples[-LINE_SAMPLES] if len(event.samples) >= LINE_SAMPLES else (event.dry_s, 0.0)
    minutes = (newest_s - before_s) / 60.0
    if minutes <= 0 or minutes > LINE_MINUTES_MAX or depth_mm - before_mm < RAPID_MM_PER_MIN * minutes:
        return None
    return 60.0 * minutes * (threshold_mm - depth_mm) / (depth_mm - before_mm)


def _no_later_than(threshold: ThresholdForecast, line_s: float | None) -> ThresholdForecast:
    """Return a forecast whose arrival times are no later than the line's: the model has seen few such rises."""
    if line_s is None or threshold.latest_s <= line_s:
        return threshold
    return replace(
        threshold,
        eta_s=min(threshold.eta_s, line_s),
        earliest_s=min(threshold.earliest_s, line_s),
        latest_s=min(threshold.latest_s, line_s),
    )


def feature_row(event: FloodEvent, past_events: tuple[PastEvent, ...], threshold_mm: float) -> tuple[float, ...]:
    """Return the model's features for one threshold, in the order of `FEATURE_NAMES`."""
    event_row = features.event_features(event)
    past = features.summarise(past_events)
    history = features.history_features(past, event.samples[-1][0])
    return (*event_row, *history, *features.threshold_features(event_row, past, threshold_mm))


def _learned(
    model: Model, leaves: int, threshold_row: tuple[float, ...], rapid_rises_nearby: int | None
) -> ThresholdForecast:
    """Return the model's forecast of one threshold; `leaves` remain for the event and the past events."""
    first = len(features.FEATURE_NAMES) - len(threshold_row)
    probability = model.probability_of(leaves & model.forest.leaves(threshold_row, first), rapid_rises_nearby)
    arrival_min, timing = threshold_row[3], model.timing
    median_s = 60.0 * timing.median_min(arrival_min)
    factor = exp(Z_90 * timing.spread)
    return ThresholdForecast(
        probability=probability,
        within=tuple([probability * share for share in timing.shares_within(arrival_min, HORIZONS_S)]),
        eta_s=median_s,
        earliest_s=median_s / factor,
        latest_s=median_s * factor,
    )


def _straight(depth_mm: float, rise: float | None, threshold_mm: float, horizon_s: float) -> ThresholdForecast | None:
    """Extrapolate the rise of the last ten minutes, as far as the profile's horizon."""
    if rise is None or rise <= 0 or not SHARE_FROM * threshold_mm <= depth_mm < threshold_mm or horizon_s <= 0:
        return None
    eta_s = 60.0 * (threshold_mm - depth_mm) / rise
    factor = exp(Z_90 * SPREAD)
    return ThresholdForecast(
        probability=_share_by(horizon_s, eta_s),
        within=tuple(_share_by(within_s, eta_s) for within_s in HORIZONS_S),
        eta_s=eta_s,
        earliest_s=eta_s / factor,
        latest_s=eta_s * factor,
    )


def _share_by(within_s: float, eta_s: float) -> float:
    return GOES_ON * 0.5 * (1.0 + erf(log(within_s / eta_s) / (SPREAD * sqrt(2.0))))


def rise_mm_per_min(event: FloodEvent) -> float | None:
    """Return the least-squares slope over the last samples and the dry one before them; None with too few."""
    newest_s = event.samples[-1][0]
    samples = [sample for sample in event.samples if sample[0] >= newest_s - WINDOW_S] or [event.samples[-1]]
    if len(samples) < SAMPLES_MIN:
        samples = list(event.samples[-SAMPLES_MIN:])
    if len(samples) == len(event.samples) and newest_s - event.dry_s <= WINDOW_S and event.dry_s < samples[0][0]:
        samples.insert(0, (event.dry_s, 0.0))
    if len(samples) < SAMPLES_MIN:
        return None
    count = len(samples)
    minutes = [(time_s - newest_s) / 60.0 for time_s, _ in samples]
    mean_min = sum(minutes) / count
    mean_mm = sum(depth_mm for _, depth_mm in samples) / count
    spread = sum((minute - mean_min) ** 2 for minute in minutes)
    return sum((m - mean_min) * (mm - mean_mm) for m, (_, mm) in zip(minutes, samples, strict=True)) / spread
