"""When nobody can see the water at a site. No data is never zero: a blind site is said to be blind."""

from math import inf, isnan

from rencheng.engine.gauge import GaugeState
from rencheng.engine.state import SiteState

STEPS = 5.0
AT_LEAST_S, AT_MOST_S = 900.0, 3 * 3600.0
"""After five steps of its own, but not within a quarter of an hour, and after three hours always, a gauge is silent.
Source: FloodNet's own rule, unseen for over 3 h; domain reference 4.2."""

ARMED_STEPS = 3.0
ARMED_AT_LEAST_S, ARMED_AT_MOST_S = 300.0, 3600.0
"""In rain it is missed sooner."""


def no_data_from_s(state: SiteState, *, armed: bool) -> float:
    """From when on the site is blind if nothing more is heard; infinity before its first word."""
    seen = [gauge.heard_s + max_silence_s(gauge, armed=armed) for gauge in state.gauges.values() if _is_usable(gauge)]
    if seen:
        return max(seen)
    return -inf if any(not isnan(gauge.heard_s) for gauge in state.gauges.values()) else inf


def max_silence_s(gauge: GaugeState, *, armed: bool) -> float:
    """How long a gauge may be silent before it is missed."""
    steps, least_s, most_s = (
        (ARMED_STEPS, ARMED_AT_LEAST_S, ARMED_AT_MOST_S) if armed else (STEPS, AT_LEAST_S, AT_MOST_S)
    )
    return most_s if isnan(gauge.step_s) else min(max(steps * gauge.step_s, least_s), most_s)


def _is_usable(gauge: GaugeState) -> bool:
    return gauge.is_trusted and not isnan(gauge.heard_s)
