"""A warning in English: headline, description, instruction."""

from datetime import timedelta

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import Certainty, MessageType, WarningMessage, WarningRule
from rencheng.text.evidence import evidence_en
from rencheng.text.explanations import armed_en, english_reasons
from rencheng.text.formatting import centimetres, local, minutes_left, number, place_en, plain, shortened
from rencheng.text.publisher import Publisher

EVENT = "Urban ponding"

_VERBS = {MessageType.ALERT: "issues", MessageType.UPDATE: "updates", MessageType.CANCEL: "lifts"}

_ORDERS = {
    Level.RED: "Close the place at once: no vehicle and no person may enter. Bring out whoever is inside. Pump.",
    Level.ORANGE: "Send people now to keep vehicles and pedestrians out. Make ready to close the place and to pump.",
    Level.YELLOW: "Post someone there with barriers and pumps at hand. Advise vehicles and pedestrians to go round.",
    Level.BLUE: "Patrol more often, check gullies and pumps, and watch the water level.",
}

_ORDERS_BY_PLACE = {
    SiteType.METRO_ENTRANCE: " Put up the flood boards and tell the station to prepare for evacuation.",
    SiteType.UNDERGROUND_CAR_PARK: " Raise the flood gate at the ramp, get everyone out; nobody goes back for a car.",
    SiteType.CHARGING_STATION: " Have the operator stop charging and cut the power. Keep people away from the piles.",
}

_ALL_CLEAR = (
    "Before reopening, check road surface, manhole covers and electrical equipment on the spot, and report back."
)


def headline(message: WarningMessage, site: Site, publisher: Publisher, chars_max: int) -> str:
    """Who says it, what it is, and where."""
    begin = f"{_exercise(message)}{plain(publisher.sender_name_en)} {_VERBS[message.message_type]}"
    middle = f"{begin} {message.level.word} ponding warning for "
    return middle + shortened(place_en(site), chars_max - len(middle))


def description(message: WarningMessage, site: Site) -> str:
    """What was measured, against what, how the water moves, and why that is believed."""
    grounds = message.grounds
    when = f"{local(message.issued_at):%Y-%m-%d %H:%M} (Beijing time)"
    basis = f"Judged by version {grounds.profile_version} of the thresholds of this site."
    begin = f"{_exercise(message)}{when}, {_where(site)}"
    if grounds.rule == WarningRule.RAINED and not message.ends_warning:
        return (
            f"{begin}: {_rain(message)}, {_depth_now(grounds.depth_mm)}: it may be under water soon, "
            f"the warning stands at {message.level.word}.{evidence_en(message.evidence)} {basis}"
        )
    found = f"{_finding(message)}{_why(message)}{evidence_en(message.evidence)}"
    gauge = f"gauge {plain(grounds.device_id)} measured {centimetres(grounds.depth_mm or 0.0)} cm of water"
    return f"{begin}: {gauge}, {_movement(message)}, {found} {basis}"


def _rain(message: WarningMessage) -> str:
    quarter_mm, hour_mm = message.grounds.rain_quarter_mm or 0.0, message.grounds.rain_hour_mm or 0.0
    return f"{number(quarter_mm)} mm of rain in 15 minutes and {number(hour_mm)} mm in an hour"


def _depth_now(depth_mm: float | None) -> str:
    """No data is never zero."""
    return "depth now unknown" if depth_mm is None else f"{centimetres(depth_mm)} cm deep now"


def _why(message: WarningMessage) -> str:
    """How sure it is, between when and when, and what spoke for it."""
    grounds = message.grounds
    if grounds.rule != WarningRule.PREDICTED or grounds.probability is None:
        return ""
    sure = f" Probability {round(grounds.probability * 100)} % within half an hour"
    if grounds.earliest_s is not None and grounds.latest_s is not None:
        sure += f", {minutes_left(grounds.earliest_s)} to {minutes_left(grounds.latest_s) + 1} minutes from now"
    reasons = english_reasons(grounds.attribution)
    return f"{sure}{f', chiefly by {reasons}' if reasons else ''}.{armed_en(grounds)}"


def instruction(message: WarningMessage, site: Site) -> str:
    """What whoever is on duty should do now."""
    if message.ends_warning:
        return _exercise(message) + _ALL_CLEAR
    extra = _ORDERS_BY_PLACE.get(site.site_type, "") if message.level >= Level.ORANGE else ""
    return f"{_exercise(message)}{_ORDERS[message.level]}{extra} Acknowledge this message and report what was done."


def _exercise(message: WarningMessage) -> str:
    """Said first, so that nobody reads on in alarm."""
    return "EXERCISE: " if message.is_exercise else ""


def _where(site: Site) -> str:
    """The name, and what kind of place it is unless the name says so."""
    name, kind = place_en(site), site.site_type.replace("_", " ")
    return name if kind in name.lower() else f"{name} ({kind})"


def _movement(message: WarningMessage) -> str:
    """Rise or fall of the last minutes."""
    rise = message.grounds.rise_mm_per_min
    if rise is None:
        return "rate of rise not yet known"
    if number(rise) == "0":
        return "standing still"
    return f"{'rising' if rise > 0 else 'falling'} {number(abs(rise))} mm a minute"


def _finding(message: WarningMessage) -> str:
    """How the depth stands to the threshold, in one clause."""
    grounds, colour = message.grounds, message.level.word
    threshold = f"threshold of {centimetres(grounds.threshold_mm)} cm"
    if message.ends_warning:
        return f"below the {threshold}: the {colour} warning has ended."
    if grounds.rule == WarningRule.PREDICTED:
        return f"and is {_odds(message.certainty)} to reach the {colour} {threshold} {_when_crossed(message)}."
    if grounds.rule == WarningRule.OBSERVED:
        return f"and has reached the {colour} {threshold}."
    return f"below the {threshold}: the warning now stands at {colour}."


def _odds(certainty: Certainty) -> str:
    """How sure a prediction is."""
    return "likely" if certainty is Certainty.LIKELY else "expected"


def _when_crossed(message: WarningMessage) -> str:
    """Minutes from now, and the time on the clock."""
    eta_s = message.grounds.eta_s
    if eta_s is None:
        return "soon"
    clock = local(message.issued_at) + timedelta(seconds=eta_s)
    minutes = minutes_left(eta_s)
    if minutes == 0:
        return f"within a minute (at {clock:%H:%M})"
    return f"in about {minutes} minute{'s' if minutes > 1 else ''} (at {clock:%H:%M})"
