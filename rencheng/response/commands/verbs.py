"""The commands that devices may get: their risk, what confirms them, and how long they are valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.kind import Kind


class ActuatorKind(StrEnum):
    """The kind of a device that takes commands."""

    BARRIER = "barrier"
    """道闸: closes a road."""
    BOARD = "board"
    """情报板: shows one of a list of texts."""
    PUMP = "pump"
    """水泵."""
    PILE = "pile"
    """充电桩: a registered device of the kind `charging`."""
    SIGNAL = "signal"
    """信号机: a registered device of the kind `signal`. The police centre decides and acts; it is asked."""
    GAUGE = "gauge"
    """A registered device of the kind `waterlogging`, whose reporting mode changes."""


ACTUATOR_LEVEL = "actuator"
"""The topic level of barriers, boards and pumps, in place of a kind of readings."""

READING_KINDS: Mapping[ActuatorKind, Kind] = {
    ActuatorKind.PILE: Kind.CHARGING,
    ActuatorKind.SIGNAL: Kind.SIGNAL,
    ActuatorKind.GAUGE: Kind.WATERLOGGING,
}
"""Kinds whose devices send readings as well, and are registered and have an account as devices."""


class Risk(StrEnum):
    """What a wrong command can do, and so who must approve it."""

    NONE = "none"
    """Nothing in the street changes. The platform may command it by itself."""
    PROTECTS = "protects"
    """It keeps people out. One person is enough: the one who asks, or one who approves what the platform proposes."""
    UNDOES = "undoes"
    """It lets people in, or takes a protection away. Two people approve, and the one who asks does not count."""


class Verb(StrEnum):
    """A command, as topics, tables and the API write it."""

    BARRIER_CLOSE = "barrier.close"
    BARRIER_OPEN = "barrier.open"
    BOARD_SHOW = "board.show"
    BOARD_CLEAR = "board.clear"
    PUMP_START = "pump.start"
    PUMP_STOP = "pump.stop"
    PILE_UNAVAILABLE = "pile.unavailable"
    """OCPP ChangeAvailability Inoperative."""
    PILE_AVAILABLE = "pile.available"
    """OCPP ChangeAvailability Operative."""
    PILE_STOP = "pile.stop"
    """OCPP RemoteStopTransaction (1.6), RequestStopTransaction (2.0.1)."""
    SIGNAL_HOLD = "signal.hold"
    """A request to the police centre: no green towards the site, for a time."""
    SIGNAL_RELEASE = "signal.release"
    GAUGE_ALARM = "gauge.alarm"
    """Report at the short interval."""
    GAUGE_NORMAL = "gauge.normal"


BOARD_TEXTS: Mapping[str, str] = {
    "closed": "积水危险 禁止通行",
    "water_ahead": "前方积水 减速慢行",
    "detour": "前方积水 请绕行",
}
"""The texts that a board may show, by name. No text of a person enters a command."""

DURATION_MAX_S = 3600.0
"""A text and a hold end by themselves after this time unless they are renewed. Source: response reference 4.5; RSMP
allows 24 h."""

CONFIRM_WITHIN_S = 60.0
"""A device that accepted shall report the new state within this time. Source: electronic closing takes 1 min in the
Wuhan drill."""

DECIDE_WITHIN_S = 3600.0
"""A command that nobody decided on is not carried out after this time. Source: response reference 4.3, which asks
again after 60 min."""

CLOSER_ROLES = frozenset({"police", "keeper"})
"""One of those who let a barrier open has one of these roles. Source: response reference 4.5."""


@dataclass(frozen=True, slots=True)
class VerbRule:
    """The rule of a verb.

    Attributes:
        aspect: commands of one aspect replace each other, others of the same device do not.
        valid_s: seconds from the approval after which a device must not act.
        wanted: the reported states that confirm it. A board's state includes the text.
        opposite: the reported states that contradict it at once.
        needs_role: one of the people who approve has one of these roles; empty: any.
        lets_in: it needs a place that is measured and clear.
    """

    kind: ActuatorKind
    risk: Risk
    aspect: str
    valid_s: float
    wanted: frozenset[str]
    opposite: frozenset[str] = frozenset()
    needs_role: frozenset[str] = frozenset()
    lets_in: bool = False


_BARRIER, _BOARD, _PUMP = ActuatorKind.BARRIER, ActuatorKind.BOARD, ActuatorKind.PUMP
_PILE, _SIGNAL, _GAUGE = ActuatorKind.PILE, ActuatorKind.SIGNAL, ActuatorKind.GAUGE
_NOT_CHARGING = frozenset({"Available", "Finishing", "Unavailable", "Faulted", "Preparing", "Reserved"})


def _states(*names: str) -> frozenset[str]:
    return frozenset(names)


RULES: Mapping[Verb, VerbRule] = {
    Verb.BARRIER_CLOSE: VerbRule(
        _BARRIER, Risk.PROTECTS, "barrier", 60.0, _states("closed"), _states("opening", "fault")
    ),
    Verb.BARRIER_OPEN: VerbRule(
        _BARRIER,
        Risk.UNDOES,
        "barrier",
        60.0,
        _states("open"),
        _states("closing", "fault"),
        needs_role=CLOSER_ROLES,
        lets_in=True,
    ),
    Verb.BOARD_SHOW: VerbRule(_BOARD, Risk.PROTECTS, "board", 120.0, _states("shown"), _states("fault")),
    Verb.BOARD_CLEAR: VerbRule(_BOARD, Risk.UNDOES, "board", 120.0, _states("blank"), _states("fault"), lets_in=True),
    Verb.PUMP_START: VerbRule(_PUMP, Risk.PROTECTS, "pump", 60.0, _states("running"), _states("fault")),
    Verb.PUMP_STOP: VerbRule(_PUMP, Risk.UNDOES, "pump", 60.0, _states("stopped"), _states("fault")),
    Verb.PILE_UNAVAILABLE: VerbRule(_PILE, Risk.PROTECTS, "availability", 60.0, _states("Unavailable")),
    Verb.PILE_AVAILABLE: VerbRule(
        _PILE, Risk.UNDOES, "availability", 300.0, _states("Available"), _states("Faulted"), lets_in=True
    ),
    Verb.PILE_STOP: VerbRule(_PILE, Risk.PROTECTS, "session", 60.0, _NOT_CHARGING),
    Verb.SIGNAL_HOLD: VerbRule(_SIGNAL, Risk.PROTECTS, "signal", 120.0, _states("held"), _states("fault")),
    Verb.SIGNAL_RELEASE: VerbRule(_SIGNAL, Risk.UNDOES, "signal", 120.0, _states("normal"), lets_in=True),
    Verb.GAUGE_ALARM: VerbRule(_GAUGE, Risk.NONE, "mode", 120.0, _states("alarm")),
    Verb.GAUGE_NORMAL: VerbRule(_GAUGE, Risk.NONE, "mode", 120.0, _states("normal")),
}
"""The rule of each verb. Source: response reference 4.5 (who, confirmation, expiry); names 1.3."""
