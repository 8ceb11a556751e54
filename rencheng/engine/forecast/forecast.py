"""What is to be expected of a spell: how probably, and when, it crosses each threshold.

Two ways, apart from each other: the learned model, and the model-free rate of rise, which needs no past, no training
and no file. The second stands in wherever the first is missing or was never taught.
"""

from math import erf, exp, log, sqrt
from typing import NamedTuple

from rencheng.engine.forecast import features
from rencheng.engine.forecast.model import NINE_TENTHS, Model
from rencheng.engine.water.event import FloodEvent, PastEvent
from rencheng.engine.water.trend import rise_mm_per_min

HORIZONS_S = (300.0, 600.0, 900.0, 1800.0)
"""5, 10, 15 and 30 minutes."""

SHARE_FROM = 0.1
"""Below this share of a threshold nothing is told of it: the model was not taught there either."""

NOT_WORTH_ASKING = 0.03
"""Less than this raises and holds nothing anywhere, and most of a flood is its falling: the trees are spared then."""

GOES_ON = 0.85
"""How often water that rises to a threshold in no time is thought to get there. Proposal."""
DOUBT_GROWS = 0.6
"""Spread of the natural log of a straight line's arrival. Proposal: within a factor of two, two times of three."""
RATE_OF_RISE = "rate-of-rise"


class ThresholdForecast(NamedTuple):
    """What is expected of one threshold.

    Attributes:
        probability: of a crossing within 30 minutes; by the rate of rise, within as long as it is carried forward.
        within: of a crossing within each of `HORIZONS_S`.
        eta_s: when half of such crossings have come.
        soonest_s, latest_s: between these nine of ten come, less a tenth at either end.
    """

    probability: float
    within: tuple[float, ...]
    eta_s: float
    earliest_s: float
    latest_s: float


class Forecast(NamedTuple):
    """What is expected of a gauge's spell, by threshold from the lowest; None where nothing is.

    Attributes:
        crossings: by threshold.
        rise_mm_per_min: the rate of rise of the last ten minutes; None with too few samples.
        by: the version of the model, or `rate-of-rise`.
        rapid_rises_nearby: what the model was told of the sites near by.
    """

    thresholds: tuple[ThresholdForecast | None, ...]
    rise_mm_per_min: float | None
    judged_by: str
    rapid_rises_nearby: int | None = None


def forecast_thresholds(
    spell: FloodEvent,
    floods: tuple[PastEvent, ...],
    thresholds_mm: tuple[float, ...],
    model: Model | None,
    straight_for_s: float,
    rapid_rises_nearby: int | None = None,
) -> Forecast:
    """The outlook of a spell as of its newest sample.

    Args:
        spell: the spell.
        floods: the gauge's earlier ones.
        thresholds_mm: from the lowest, as the gauge would read them.
        model: what foretells; None: the rate of rise alone.
        straight_for_s: how far the rate of rise is carried forward.
        rapid_rises_nearby: at how many other sites of the region water rose swiftly of late; None: not known.
    """
    rise = rise_mm_per_min(spell)
    if model is None:
        depth_mm = spell.newest[1]
        crossings = tuple(_straight(depth_mm, rise, mm, straight_for_s) for mm in thresholds_mm)
        return Forecast(crossings, rise, RATE_OF_RISE)
    spelled = features.event_features(spell)
    past = features.summarise(floods)
    history = features.history_features(past, spell.samples[-1][0])
    is_high = spelled[0] >= thresholds_mm[-1]
    leaves = 0 if is_high else model.forest.leaves((*spelled, *history))
    learned: list[ThresholdForecast | None] = []
    for threshold_mm in thresholds_mm:
        crossing = None
        if SHARE_FROM * threshold_mm <= spelled[0] < threshold_mm:
            crossing = _learned(
                model, leaves, features.threshold_features(spelled, past, threshold_mm), rapid_rises_nearby
            )
        learned.append(crossing)
        if crossing is not None and crossing.probability < NOT_WORTH_ASKING:
            break  # water that will not reach this threshold will not reach a higher one
    learned += [None] * (len(thresholds_mm) - len(learned))
    return Forecast(tuple(learned), rise, model.version, rapid_rises_nearby)


def feature_row(spell: FloodEvent, floods: tuple[PastEvent, ...], threshold_mm: float) -> tuple[float, ...]:
    """What the model is shown of one threshold, in the order of `features.NAMES`."""
    spelled = features.event_features(spell)
    past = features.summarise(floods)
    history = features.history_features(past, spell.samples[-1][0])
    return (*spelled, *history, *features.threshold_features(spelled, past, threshold_mm))


def _learned(model: Model, leaves: int, of_threshold: tuple[float, ...], stirred: int | None) -> ThresholdForecast:
    """What the trees say of one threshold; `leaves` is what they make of the spell and the gauge's past."""
    first = len(features.FEATURE_NAMES) - len(of_threshold)
    probability = model.probability_of(leaves & model.forest.leaves(of_threshold, first), stirred)
    arrival_min, timing = of_threshold[3], model.timing
    median_s = 60.0 * timing.median_min(arrival_min)
    factor = exp(NINE_TENTHS * timing.spread)
    within = tuple([probability * share for share in timing.shares_within(arrival_min, HORIZONS_S)])
    return ThresholdForecast(probability, within, median_s, median_s / factor, median_s * factor)


def _straight(
    depth_mm: float, rise: float | None, threshold_mm: float, straight_for_s: float
) -> ThresholdForecast | None:
    """The rise of the last ten minutes goes on; not for ever, but as far as the profile carries it."""
    if rise is None or rise <= 0 or not SHARE_FROM * threshold_mm <= depth_mm < threshold_mm or straight_for_s <= 0:
        return None
    eta_s = 60.0 * (threshold_mm - depth_mm) / rise
    within = tuple(_share_by(horizon_s, eta_s) for horizon_s in HORIZONS_S)
    factor = exp(NINE_TENTHS * DOUBT_GROWS)
    return ThresholdForecast(_share_by(straight_for_s, eta_s), within, eta_s, eta_s / factor, eta_s * factor)


def _share_by(horizon_s: float, eta_s: float) -> float:
    return GOES_ON * 0.5 * (1.0 + erf(log(horizon_s / eta_s) / (DOUBT_GROWS * sqrt(2.0))))
