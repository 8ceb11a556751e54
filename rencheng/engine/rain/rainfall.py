"""Rain at a site: how much fell, whether it may flood a place of this type, and whether it arms the site."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.site import SiteType

WINDOWS_S = (900.0, 3600.0)
"""A quarter of an hour of rain floods a street, an hour of rain fills a catchment."""

KEPT_S = 4 * 3600.0
"""How long rain is kept, and within which a rise counts as its response. Source: Walnut Creek responds within 4 h."""

HOLDS_S = 3 * 3600.0
"""How long rain keeps a site armed: three dry hours separate two rain events (Walnut Creek)."""

EVENTS_KEPT = 12
ARMED_SHARE = 0.5
"""From this share of the rain that raises blue on, a site is armed: its gauges are accepted sooner."""

RainStep = tuple[float, float, str]
"""The end of the step (s of the epoch), its rainfall (mm), and the gauge."""


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


class RainEvent(Struct, frozen=True):
    """A rain event that is over: its greatest index, and whether the water rose to blue in it."""

    strength: float
    flooded: bool


class RainState(Struct, frozen=True):
    """The rain at a site. None stands for "never".

    Attributes:
        steps: those of the last hours, in order of time.
        raised_s: when rain last raised blue.
        armed_s: when rain last armed the site.
        strength: the greatest index of the rain event that lasts; 0 in dry weather.
        responded: whether the water rose to blue in it.
        past_events: those that are over.
        first_mm: the first report of each gauge (time, amount), while it may be a running total; None: it is none.
    """

    steps: tuple[RainStep, ...] = ()
    raised_s: float | None = None
    armed_s: float | None = None
    strength: float = 0.0
    responded: bool = False
    past_events: tuple[RainEvent, ...] = ()
    first_mm: Mapping[str, tuple[float, float] | None] = {}


NO_RAIN = RainState()


def add_rainfall(rain: RainState, time_s: float, amount_mm: float, gauge: str, thresholds: RainThresholds) -> RainState:
    """Return the rain with one step more; a step that is known already changes nothing.

    A gauge whose very first report alone would raise blue, and that reports the same again, reports a running total. It
    counts from its first report on that differs.
    """
    steps = rain.steps
    if not steps and amount_mm <= 0 and not rain.strength:
        return rain  # a dry day, as most are
    is_newest = not steps or time_s > steps[-1][0]
    if not is_newest and any(at_s == time_s and name == gauge for at_s, _, name in steps):
        return rain
    if gauge in rain.first_mm or amount_mm >= thresholds.quarter_mm:
        rain, is_total = _with_first(rain, time_s, amount_mm, gauge)
        if is_total:
            return rain
    newest_s = time_s if is_newest else steps[-1][0]
    if steps and (steps[0][0] <= newest_s - KEPT_S or steps[-1][1] <= 0):
        steps = tuple(one for one in steps if one[0] > newest_s - KEPT_S and one[1] > 0)
    steps = (*steps, (time_s, max(amount_mm, 0.0), gauge))
    rain = close_event(replace(rain, steps=steps if is_newest else tuple(sorted(steps))), newest_s)
    index, factor = index_at(rain, newest_s, thresholds), site_factor(rain)
    return replace(
        rain,
        raised_s=newest_s if index >= factor else rain.raised_s,
        armed_s=newest_s if index >= ARMED_SHARE * factor else rain.armed_s,
        strength=max(rain.strength, index),
    )


def _with_first(rain: RainState, time_s: float, amount_mm: float, gauge: str) -> tuple[RainState, bool]:
    """Return the rain with a report of a gauge that may be a running total, and whether it is one."""
    first = rain.first_mm.get(gauge)
    if gauge not in rain.first_mm:
        is_first = all(name != gauge for _, _, name in rain.steps)
        return replace(rain, first_mm={**rain.first_mm, gauge: (time_s, amount_mm) if is_first else None}), False
    if first is None or time_s < first[0]:
        return rain, False
    if first[1] != amount_mm:
        return replace(rain, first_mm={**rain.first_mm, gauge: None}), False
    others = tuple(step for step in rain.steps if step[2] != gauge)
    return replace(rain, steps=others, raised_s=None, armed_s=None, strength=0.0), True


def close_event(rain: RainState, now_s: float) -> RainState:
    """Return the rain with its event closed and kept, once it no longer arms the site."""
    if rain.strength < ARMED_SHARE or is_armed(rain, now_s):
        return rain
    past = RainEvent(strength=rain.strength, flooded=rain.responded)
    return replace(rain, strength=0.0, responded=False, past_events=(*rain.past_events[-(EVENTS_KEPT - 1) :], past))


def mark_response(rain: RainState) -> RainState:
    """Return the rain with the note that the water rose to blue in its event."""
    return rain if rain.responded or not rain.strength else replace(rain, responded=True)


def sums(rain: RainState, now_s: float) -> tuple[float, ...]:
    """Return the rainfall within each of `WINDOWS_S`, of the gauge that had most."""
    return tuple(_most(rain.steps, now_s - window_s, now_s) for window_s in WINDOWS_S)


def index_at(rain: RainState, now_s: float, thresholds: RainThresholds) -> float:
    """Return the rainfall as a share of the rainfall that floods this type of place."""
    quarter_mm, hour_mm = sums(rain, now_s)
    return max(quarter_mm / thresholds.quarter_mm, hour_mm / thresholds.hour_mm)


def site_factor(rain: RainState) -> float:
    """Return the site's factor on the thresholds of its type, between 0.5 and 2, by its past rain events.

    Without past events it is 1. The site's own threshold is between the lightest event that flooded it and the heaviest
    that did not. The type's threshold counts as two events more.
    """
    if not rain.past_events:
        return 1.0
    flooded = [event.strength for event in rain.past_events if event.flooded]
    spared = [event.strength for event in rain.past_events if not event.flooded and event.strength >= ARMED_SHARE]
    if not flooded and not any(strength >= 1.0 for strength in spared):
        return 1.0
    marks = ([min(flooded)] if flooded else []) + ([max(spared)] if spared else [])
    own = sum(marks) / len(marks)
    weight = len(flooded) + len(spared)
    return max(0.5, min(2.0, (own * weight + 2.0) / (weight + 2.0)))


def raises(rain: RainState, now_s: float) -> bool:
    """Return whether rain alone holds the site at blue."""
    return rain.raised_s is not None and now_s - rain.raised_s <= HOLDS_S


def is_armed(rain: RainState, now_s: float) -> bool:
    """Return whether enough rain fell to accept the gauges sooner."""
    return rain.armed_s is not None and now_s - rain.armed_s <= HOLDS_S


def _most(steps: tuple[RainStep, ...], after_s: float, until_s: float) -> float:
    """Return the sum over a window of the gauge that had most, because two gauges measure the same rain."""
    begin = len(steps)
    while begin and steps[begin - 1][0] > after_s:
        begin -= 1
    by_gauge: dict[str, float] = {}
    for at_s, amount_mm, name in steps[begin:]:
        if at_s <= until_s:
            by_gauge[name] = by_gauge.get(name, 0.0) + amount_mm
    return max(by_gauge.values(), default=0.0)
