"""Rain signals 暴雨预警信号 and rain forecasts of the weather service. The platform receives but never issues them.

In China only the meteorological authority may issue public severe-weather warnings. Source: WMO Register of Alerting
Authorities; domain reference 1.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType

SIGNAL_WINDOWS: dict[Level, tuple[timedelta, float]] = {
    Level.BLUE: (timedelta(hours=12), 50.0),
    Level.YELLOW: (timedelta(hours=6), 50.0),
    Level.ORANGE: (timedelta(hours=3), 50.0),
    Level.RED: (timedelta(hours=3), 100.0),
}
"""The period and the rain (mm) of a signal by colour: the national defaults, which provinces can replace.

Source: domain reference 1.1.
"""

REGIONS_MAX = 5000
"""The most regions of one message. GB/T 2260 has about 3,000 districts."""


@dataclass(frozen=True, slots=True)
class RainSignal:
    """A rain signal in a message, as its issuer sent it. A message may hold several.

    Attributes:
        identifier: the issuer's identifier of the message.
        message_type: Alert, Update or Cancel.
        level: the colour; on Cancel, the colour that ended.
        sent_at, effective_at, expires_at: the time of sending, and the period in which it is in force.
        regions: six-digit GB/T 2260 codes, such as 370000 (province), 370100 (city) and 370102 (district).
        references: identifiers of the earlier messages that this one replaces. The national form lists only the first
            message, CAP lists all that are in force.
        headline: the headline of the issuer.
        status: Actual, Exercise or Test, as the issuer set it.
        world: the world in which it counts: `actual`, or an exercise.
        part: the number of the signal in its message, which may name several colours for several areas.
        ends: whether it only ends the messages that it refers to, and is not in force itself.
    """

    identifier: str
    sender: str
    message_type: MessageType
    level: Level
    sent_at: datetime
    effective_at: datetime
    expires_at: datetime
    regions: tuple[str, ...]
    references: tuple[str, ...] = ()
    headline: str = ""
    status: str = "Actual"
    world: str = ACTUAL
    part: int = 0
    ends: bool = False

    @property
    def is_ending(self) -> bool:
        """Return whether it is not in force itself."""
        return self.ends or self.message_type is MessageType.CANCEL


@dataclass(frozen=True, slots=True)
class RainForecast:
    """The rain (mm) that a source expects in a region within a period."""

    region: str
    source: str
    issued_at: datetime
    valid_from: datetime
    valid_to: datetime
    rain_mm: float
    world: str = ACTUAL


@dataclass(frozen=True, slots=True)
class Span:
    """The time in which a signal is in force."""

    signal: RainSignal
    begin: datetime
    end: datetime

    def includes(self, at: datetime) -> bool:
        """Return whether the signal is in force at a time."""
        return self.begin <= at < self.end


def spans(signals: Iterable[RainSignal]) -> list[Span]:
    """Return when each signal of one world is in force, in the order of sending, for any order of arrival.

    A later message of the same chain replaces all earlier ones with all their parts; a message that ends them has no
    span. A signal that is replaced before it begins has none either.
    """
    chains = _Chains()
    found: list[Span] = []
    open_spans: dict[str, list[int]] = {}  # by chain: positions in `found`
    for message in _messages(signals):
        first = message[0]
        replaced = {chains.find(name) for name in (*first.references, first.identifier)}
        for position in [each for chain in sorted(replaced) for each in open_spans.pop(chain, ())]:
            found[position] = replace(found[position], end=min(found[position].end, first.sent_at))
        chain = chains.join(first.references, first.identifier)
        new = [
            Span(each, max(each.effective_at, each.sent_at), each.expires_at) for each in message if not each.is_ending
        ]
        open_spans[chain] = list(range(len(found), len(found) + len(new)))
        found += new
    return [span for span in found if span.begin < span.end]


def in_force(signals: Iterable[RainSignal], at: datetime) -> list[RainSignal]:
    """Return the signals of one world that are in force at a time, for any order of arrival."""
    return [span.signal for span in spans(signals) if span.includes(at)]


def _messages(signals: Iterable[RainSignal]) -> list[list[RainSignal]]:
    """Return the parts of each message, in the order of sending; of one moment, those that refer to others later."""
    by_identifier: dict[str, list[RainSignal]] = {}
    for signal in sorted(signals, key=lambda signal: signal.part):
        by_identifier.setdefault(signal.identifier, []).append(signal)
    return sorted(
        by_identifier.values(), key=lambda parts: (parts[0].sent_at, bool(parts[0].references), parts[0].identifier)
    )


class _Chains:
    """Which messages belong to one chain: a union-find over identifiers, also of messages that never came."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Return the chain of a message."""
        root = name
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(name, name)) != root:
            self._parents[name], name = root, parent
        return root

    def join(self, names: Iterable[str], last: str) -> str:
        """Put messages into the chain of the last one, and return it."""
        root = self.find(last)
        for name in names:
            self._parents[self.find(name)] = root
        self._parents[root] = root
        return root
