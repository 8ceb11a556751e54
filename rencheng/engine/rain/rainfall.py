"""Rain at a site: what fell, what it may bring by the place's type and its own past, and whether that arms the site."""

from typing import NamedTuple

from rencheng.domain.site import SiteType

WINDOWS_S = (900.0, 3600.0)
"""A quarter of an hour floods a street, an hour fills a catchment."""

KEPT_S = 4 * 3600.0
"""How far back rain is remembered; also within which a rise answers it. Source: Walnut Creek answers within 4 h."""

HOLDS_S = 3 * 3600.0
"""How long rain that raised a site's readiness keeps it there: three dry hours part two storms (Walnut Creek)."""

EVENTS_KEPT = 12
ARMED_SHARE = 0.5
"""From this share of the rain that raises blue on a site is armed: quicker to believe its gauges."""

RainStep = tuple[float, float, str]
"""When the step ended (s of the epoch), how much fell in it (mm), by which gauge."""


class RainThresholds(NamedTuple):
    """How much rain floods a type of place, mm in a quarter of an hour and in an hour."""

    quarter_mm: float
    hour_mm: float
    source: str


_STREET = "Beijing 安定门桥: 20 mm in 20 min put 30 cm under a bridge; domain reference 1.2"
RAIN_THRESHOLDS: dict[SiteType, RainThresholds] = {
    SiteType.CHANNEL: RainThresholds(
        3.0, 8.0, "Walnut Creek, South State Street, each storm left out in turn: docs/reference"
    ),
    SiteType.ROAD: RainThresholds(12.0, 25.0, _STREET),
    SiteType.UNDERPASS: RainThresholds(10.0, 20.0, _STREET),
    SiteType.TUNNEL: RainThresholds(10.0, 20.0, _STREET),
    SiteType.METRO_ENTRANCE: RainThresholds(10.0, 20.0, _STREET),
    SiteType.UNDERGROUND_CAR_PARK: RainThresholds(10.0, 20.0, _STREET),
    SiteType.LOW_LYING_COMMUNITY: RainThresholds(12.0, 25.0, _STREET),
    SiteType.CHARGING_STATION: RainThresholds(12.0, 25.0, _STREET),
}


class RainEvent(NamedTuple):
    """A storm that is over, as a site remembers it: the rain's index, and whether the water answered."""

    strength: float
    flooded: bool


class RainState(NamedTuple):
    """The rain of a site.

    Attributes:
        fallen: of the last hours, in order of time.
        raised_s: when rain last spoke for blue; 0 if never.
        armed_s: when rain last armed the site; 0 if never.
        heaviest: the greatest index of the storm that lasts; 0 in dry weather.
        answered: whether the water rose to blue in it.
        storms: those that are over.
    """

    fallen: tuple[RainStep, ...] = ()
    raised_s: float = 0.0
    armed_s: float = 0.0
    heaviest: float = 0.0
    responded: bool = False
    past_events: tuple[RainEvent, ...] = ()


NO_RAIN = RainState()


def add_rainfall(rain: RainState, time_s: float, amount_mm: float, gauge: str, answer: RainThresholds) -> RainState:
    """One more step of rain; a step that was told already changes nothing."""
    fallen = rain.fallen
    if not fallen and amount_mm <= 0 and not rain.heaviest:
        return rain  # a dry day, and nearly all days are
    is_newest = not fallen or time_s > fallen[-1][0]
    if not is_newest and any(at_s == time_s and name == gauge for at_s, _, name in fallen):
        return rain
    newest_s = time_s if is_newest else fallen[-1][0]
    if fallen and (fallen[0][0] <= newest_s - KEPT_S or fallen[-1][1] <= 0):
        fallen = tuple(one for one in fallen if one[0] > newest_s - KEPT_S and one[1] > 0)
    fallen = (*fallen, (time_s, max(amount_mm, 0.0), gauge))
    rain = close_event(rain._replace(fallen=fallen if is_newest else tuple(sorted(fallen))), newest_s)
    index, share = index_at(rain, newest_s, answer), site_factor(rain)
    raised_s = newest_s if index >= share else rain.raised_s
    armed_s = newest_s if index >= ARMED_SHARE * share else rain.armed_s
    return RainState(rain.fallen, raised_s, armed_s, max(rain.heaviest, index), rain.responded, rain.past_events)


def close_event(rain: RainState, now_s: float) -> RainState:
    """A storm is over once it has neither rained nor been wet for long: what it was is kept."""
    if rain.heaviest < ARMED_SHARE or is_armed(rain, now_s):
        return rain
    storms = (*rain.past_events[-(EVENTS_KEPT - 1) :], RainEvent(rain.heaviest, rain.responded))
    return rain._replace(heaviest=0.0, responded=False, past_events=storms)


def mark_response(rain: RainState) -> RainState:
    """The water rose to blue while the storm lasted."""
    return rain if rain.responded or not rain.heaviest else rain._replace(responded=True)


def sums(rain: RainState, now_s: float) -> tuple[float, ...]:
    """What fell within each of `WINDOWS_S`, by the gauge that had most."""
    return tuple(_most(rain.fallen, now_s - window_s, now_s) for window_s in WINDOWS_S)


def index_at(rain: RainState, now_s: float, answer: RainThresholds) -> float:
    """The rain as a share of what floods this type of place: 1 floods it."""
    quarter_mm, hour_mm = sums(rain, now_s)
    return max(quarter_mm / answer.quarter_mm, hour_mm / answer.hour_mm)


def site_factor(rain: RainState) -> float:
    """The site's own answer, as a factor on its type's: what its past storms teach, between a half and double.

    Without storms of its own, 1. Between the lightest storm that flooded it and the heaviest that did not lies where
    it answers; the type's own value counts as two storms more.
    """
    if not rain.past_events:
        return 1.0
    flooded = [storm.strength for storm in rain.past_events if storm.flooded]
    spared = [storm.strength for storm in rain.past_events if not storm.flooded and storm.strength >= ARMED_SHARE]
    if not flooded and not any(index >= 1.0 for index in spared):
        return 1.0
    marks = ([min(flooded)] if flooded else []) + ([max(spared)] if spared else [])
    own = sum(marks) / len(marks)
    weight = len(flooded) + len(spared)
    return max(0.5, min(2.0, (own * weight + 2.0) / (weight + 2.0)))


def raises(rain: RainState, now_s: float) -> bool:
    """Does rain alone speak for blue?"""
    return rain.raised_s > 0 and now_s - rain.raised_s <= HOLDS_S


def is_armed(rain: RainState, now_s: float) -> bool:
    """Has it rained enough to believe the gauges more quickly?"""
    return rain.armed_s > 0 and now_s - rain.armed_s <= HOLDS_S


def _most(fallen: tuple[RainStep, ...], after_s: float, until_s: float) -> float:
    """The sum over a window, by the gauge that had most: two gauges see the same rain."""
    begin = len(fallen)
    while begin and fallen[begin - 1][0] > after_s:
        begin -= 1
    sums: dict[str, float] = {}
    for at_s, amount_mm, name in fallen[begin:]:
        if at_s <= until_s:
            sums[name] = sums.get(name, 0.0) + amount_mm
    return max(sums.values(), default=0.0)
