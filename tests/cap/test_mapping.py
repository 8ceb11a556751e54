"""Urgency and severity follow from level, rule and time to the threshold."""

from dataclasses import replace

import pytest

from rencheng.cap import mapping
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType, WarningRule
from tests.support.cap_messages import example_chain

ALERT, UPDATE, CANCEL = example_chain()


@pytest.mark.parametrize(
    ("level", "rule", "eta_s", "urgency"),
    [
        (Level.RED, WarningRule.PREDICTED, 3000.0, "Immediate"),
        (Level.ORANGE, WarningRule.PREDICTED, 900.0, "Immediate"),
        (Level.ORANGE, WarningRule.PREDICTED, 901.0, "Expected"),
        (Level.ORANGE, WarningRule.OBSERVED, None, "Immediate"),
        (Level.ORANGE, WarningRule.RECEDED, None, "Expected"),
        (Level.YELLOW, WarningRule.OBSERVED, None, "Expected"),
        (Level.BLUE, WarningRule.OBSERVED, None, "Expected"),
        (Level.BLUE, WarningRule.PREDICTED, 3601.0, "Future"),
        (Level.BLUE, WarningRule.RECEDED, None, "Future"),
    ],
)
def test_urgency_follows_the_water(level: Level, rule: WarningRule, eta_s: float | None, urgency: str) -> None:
    grounds = replace(ALERT.grounds, rule=rule, eta_s=eta_s)

    assert mapping.urgency(replace(ALERT, level=level, grounds=grounds)) == urgency
    assert mapping.urgency(replace(CANCEL, level=level, grounds=grounds)) == "Past"


@pytest.mark.parametrize("kind", MessageType)
def test_severity_is_the_colour_also_when_it_ends(kind: MessageType) -> None:
    severities = [mapping.severity(replace(UPDATE, level=Level(level), message_type=kind)) for level in range(1, 5)]

    assert severities == ["Minor", "Moderate", "Severe", "Extreme"]
