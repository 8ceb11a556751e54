"""Rain signals 暴雨预警信号 and rain forecasts of the weather service. The platform receives but never issues them.

In China only the meteorological authority may issue public severe-weather warnings. Source: WMO Register of Alerting
Authorities; domain reference 1.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class RainSignal:
    """One message about a rain signal, as its issuer sent it.

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


def in_force(signals: Iterable[RainSignal], at: datetime) -> list[RainSignal]:
    """Return the signals in force at a time, for any order of arrival.

    A later message of the same chain replaces all earlier ones; a Cancel ends the chain.
    """
    sent = sorted((signal for signal in signals if signal.sent_at <= at), key=lambda signal: signal.sent_at)
    root: dict[str, str] = {}
    newest: dict[str, RainSignal] = {}
    for signal in sent:
        roots = {root.get(name, name) for name in signal.references} or {signal.identifier}
        root[signal.identifier] = min(roots)
        for ended in roots:
            newest.pop(ended, None)
        if signal.message_type is not MessageType.CANCEL:
            newest[min(roots)] = signal
    return [signal for signal in newest.values() if signal.effective_at <= at < signal.expires_at]
