"""Proposals: the commands that the platform asks for when a site's level rises, in one step for all its devices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.commands.verbs import DURATION_MAX_S, ActuatorKind, Verb

FLOODING_FAMILIES = frozenset({SiteType.UNDERGROUND_CAR_PARK, SiteType.CHARGING_STATION})
"""Places in which cars charge. There the signals are held together with the stop of the piles."""


@dataclass(frozen=True, slots=True)
class BoundActuator:
    """A device in service at a site.

    Attributes:
        verbs: the commands that it takes.
    """

    device_id: str
    kind: ActuatorKind
    verbs: frozenset[Verb]


@dataclass(frozen=True, slots=True)
class ProposedCommand:
    """A command of a proposal."""

    device_id: str
    verb: Verb
    parameters: Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class _Proposal:
    level: Level
    verb: Verb
    parameters: Mapping[str, str | float]
    at: frozenset[SiteType] = frozenset(SiteType)


_HOLD: Mapping[str, str | float] = {"duration_s": DURATION_MAX_S}

PROPOSED = (
    _Proposal(Level.ORANGE, Verb.BOARD_SHOW, {"text": "closed", "duration_s": DURATION_MAX_S}),
    _Proposal(Level.ORANGE, Verb.PUMP_START, {}),
    _Proposal(Level.ORANGE, Verb.PILE_STOP, {}),
    _Proposal(Level.ORANGE, Verb.PILE_UNAVAILABLE, {}),
    _Proposal(Level.ORANGE, Verb.SIGNAL_HOLD, _HOLD, FLOODING_FAMILIES),
    _Proposal(Level.RED, Verb.BARRIER_CLOSE, {}),
    _Proposal(Level.RED, Verb.SIGNAL_HOLD, _HOLD, frozenset(SiteType) - FLOODING_FAMILIES),
)
"""What is proposed from which level. Source: response reference 3.4 and 4.5."""

ALARM_FROM = Level.BLUE
"""Gauges report at the short interval from this level. Proposal."""


def proposed(level: Level, site_type: SiteType, actuators: Iterable[BoundActuator]) -> list[ProposedCommand]:
    """Return the commands to propose at a level, by device."""
    return [
        ProposedCommand(each.device_id, one.verb, one.parameters)
        for each in sorted(actuators, key=lambda actuator: actuator.device_id)
        for one in PROPOSED
        if one.level <= level and site_type in one.at and one.verb in each.verbs
    ]
