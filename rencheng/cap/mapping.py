"""What a message means in CAP's words: colour and grounds to severity, urgency, certainty and response.

The mapping is the project's proposal in the domain reference, 2.4, made from the definitions of CAP 1.2.
"""

from typing import Literal

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.domain.warning import Certainty, WarningMessage, WarningRule

IMMEDIATE_WITHIN_S = 900.0
"""Orange is Immediate when the water is this near; domain reference 2.4."""

EXPECTED_WITHIN_S = 3600.0
"""CAP 1.2: Expected means that responsive action should be taken soon, within the next hour."""

_SEVERITY = {Level.RED: "Extreme", Level.ORANGE: "Severe", Level.YELLOW: "Moderate", Level.BLUE: "Minor"}

_RESPONSES = {
    Level.RED: ("Avoid", "Execute"),
    Level.ORANGE: ("Avoid", "Prepare"),
    Level.YELLOW: ("Prepare", "Monitor"),
    Level.BLUE: ("Monitor",),
}

_ON_THE_WAY = {SiteType.ROAD, SiteType.UNDERPASS, SiteType.TUNNEL, SiteType.METRO_ENTRANCE}


def status(message: WarningMessage) -> Literal["Actual", "Exercise"]:
    """CAP status."""
    return "Exercise" if message.is_exercise else "Actual"


def severity(message: WarningMessage) -> str:
    """CAP severity; the one that ended, on Cancel."""
    return _SEVERITY[message.level]


def seconds_away(message: WarningMessage) -> float:
    """How far off the water is: 0 where it stands, infinity where it leaves or nobody knows."""
    grounds = message.grounds
    if grounds.rule == WarningRule.OBSERVED:
        return 0.0
    if grounds.rule == WarningRule.PREDICTED and grounds.eta_s is not None:
        return grounds.eta_s
    return float("inf")


def urgency(message: WarningMessage) -> str:
    """CAP urgency."""
    if message.ends_warning:
        return "Past"
    away_s = seconds_away(message)
    if message.level is Level.RED or (message.level is Level.ORANGE and away_s <= IMMEDIATE_WITHIN_S):
        return "Immediate"
    if message.level is Level.BLUE and away_s > EXPECTED_WITHIN_S:
        return "Future"
    return "Expected"


def certainty(message: WarningMessage) -> Certainty:
    """CAP certainty; that it is over is seen, whatever was expected before."""
    return Certainty.OBSERVED if message.ends_warning else message.certainty


def responses(message: WarningMessage) -> tuple[str, ...]:
    """CAP responseType, the weightiest first."""
    return ("AllClear",) if message.ends_warning else _RESPONSES[message.level]


def categories(site_type: SiteType) -> tuple[str, ...]:
    """CAP category: Met, which CAP says includes floods, and what the water harms."""
    return ("Met", "Transport" if site_type in _ON_THE_WAY else "Infra")
