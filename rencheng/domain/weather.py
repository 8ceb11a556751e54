"""What the weather service says: rain signals 暴雨预警信号 and forecasts of rain. Taken in, never originated.

By China's law only the meteorological authority may issue public severe-weather warnings (WMO Register of Alerting
Authorities; domain reference 1.1).
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
"""The national default: how much rain (mm) within how long makes a signal of a colour; provinces have their own.

Source: domain reference 1.1.
"""


@dataclass(frozen=True, slots=True)
class RainSignal:
    """One message about a rain signal, as its issuer sent it.

    Attributes:
        identifier: the issuer's name of this message.
        message_type: Alert, Update or Cancel.
        level: the colour; on Cancel, that which ended.
        sent_at, effective_at, expires_at: when it was sent, and from when until when it holds.
        regions: six-digit GB/T 2260 codes; 370000 is a province, 370100 a city, 370102 a district.
        references: identifiers of earlier messages that this one takes the place of. The national form names the first
            issue alone, CAP all that still hold.
        headline: its own words.
        status: Actual, Exercise or Test, as its issuer said.
        world: where it counts here: `actual`, or an exercise.
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
    """How much rain (mm) a source expects in a region within a span of time."""

    region: str
    source: str
    issued_at: datetime
    valid_from: datetime
    valid_to: datetime
    rain_mm: float
    world: str = ACTUAL


def code_includes(code: str, region: str) -> bool:
    """Does a code of GB/T 2260 take in a district? A province and a city take in all of theirs."""
    province, city, district = code[:2], code[2:4], code[4:6]
    if city == "00":
        return region[:2] == province
    if district == "00":
        return region[:4] == province + city
    return region == code


def in_force(signals: Iterable[RainSignal], at: datetime) -> list[RainSignal]:
    """The signals that hold at a time, whatever the order in which they arrived.

    A later message of the same chain ends all before it; so does a Cancel, and its own expiry.
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
