"""A warning in CAP's terms: severity, urgency, certainty and response by level and grounds.

Source: a proposal in the domain reference, 2.4, made from the definitions of CAP 1.2.
"""

from datetime import datetime, timedelta
from typing import Literal

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.domain.warning import Certainty, WarningMessage, WarningRule

VALID_FOR = timedelta(hours=12)
"""A message ends by itself after this time, in case its Cancel is lost. An Update renews a warning that lasts longer.

Source: the longest window of the national rain signals (blue, 12 hours); domain reference 1.1.
"""

IMMEDIATE_WITHIN_S = 900.0
"""Orange is Immediate if the threshold is reached within this time. Source: domain reference 2.4."""

EXPECTED_WITHIN_S = 3600.0
"""Expected means that people should act soon, within the next hour. Source: CAP 1.2."""

SEVERITY = {Level.RED: "Extreme", Level.ORANGE: "Severe", Level.YELLOW: "Moderate", Level.BLUE: "Minor"}

_RESPONSES = {
    Level.RED: ("Avoid", "Execute"),
    Level.ORANGE: ("Avoid", "Prepare"),
    Level.YELLOW: ("Prepare", "Monitor"),
    Level.BLUE: ("Monitor",),
}

_TRANSPORT_SITES = {SiteType.ROAD, SiteType.UNDERPASS, SiteType.TUNNEL, SiteType.METRO_ENTRANCE}


def expires_at(message: WarningMessage) -> datetime:
    """Return when the message ends by itself."""
    return message.issued_at + VALID_FOR


def status(message: WarningMessage) -> Literal["Actual", "Exercise"]:
    """Return CAP's status."""
    return "Exercise" if message.is_exercise else "Actual"


def severity(message: WarningMessage) -> str:
    """Return CAP's severity; on Cancel, that of the level that ended."""
    return SEVERITY[message.level]


def seconds_to_threshold(message: WarningMessage) -> float:
    """Return the time to the threshold: 0 if it is reached, infinity if the water falls or the time is unknown."""
    grounds = message.grounds
    if grounds.rule is WarningRule.OBSERVED:
        return 0.0
    if grounds.rule is WarningRule.PREDICTED and grounds.eta_s is not None:
        return grounds.eta_s
    return float("inf")


def urgency(message: WarningMessage) -> str:
    """Return CAP's urgency."""
    if message.ends_warning:
        return "Past"
    remaining_s = seconds_to_threshold(message)
    if message.level is Level.RED or (message.level is Level.ORANGE and remaining_s <= IMMEDIATE_WITHIN_S):
        return "Immediate"
    if message.level is Level.BLUE and remaining_s > EXPECTED_WITHIN_S:
        return "Future"
    return "Expected"


def certainty(message: WarningMessage) -> Certainty:
    """Return CAP's certainty; on Cancel Observed, because the end was measured."""
    return Certainty.OBSERVED if message.ends_warning else message.certainty


def responses(message: WarningMessage) -> tuple[str, ...]:
    """Return CAP's response types, the most important first."""
    return ("AllClear",) if message.ends_warning else _RESPONSES[message.level]


def categories(site_type: SiteType) -> tuple[str, ...]:
    """Return CAP's categories: Met, which includes floods, and the kind of infrastructure that is affected."""
    return ("Met", "Transport" if site_type in _TRANSPORT_SITES else "Infra")
