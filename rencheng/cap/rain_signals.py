"""Read a rain signal from CAP 1.2, or from the national form (国家突发事件预警信息, domain reference 1.5)."""

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from rencheng.cap.references import parse_references
from rencheng.cap.xml import UnreadableXml, parse, without_namespaces
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import SIGNAL_WINDOWS, RainSignal

RAIN_CODES = frozenset({"11B03"})
"""暴雨 in the national list of event codes. Source: domain reference 1.5."""

_RAIN_WORDS = re.compile(r"暴雨|rain", re.IGNORECASE)
_COLOURS = {"红": Level.RED, "橙": Level.ORANGE, "黄": Level.YELLOW, "蓝": Level.BLUE}
_COLOUR = re.compile(r"([红橙黄蓝])色|\b(red|orange|yellow|blue)\b", re.IGNORECASE)
_SEVERITIES = {
    "Extreme": Level.RED,
    "Severe": Level.ORANGE,
    "Moderate": Level.YELLOW,
    "Minor": Level.BLUE,
    "Red": Level.RED,
    "Orange": Level.ORANGE,
    "Yellow": Level.YELLOW,
    "Blue": Level.BLUE,
}
"""CAP's severities, and the colours that the national form writes as severity. Source: domain reference 1.5 and 2.4."""

_STATUSES = frozenset({"Actual", "Exercise", "Test"})
_REGION = re.compile(r"\d{6}")
_SEPARATORS = re.compile(r"[,;\s]+")
_IDENTIFIER_CHARS_MAX = 200
_HEADLINE_CHARS_MAX = 200


def read_signal(xml: str, *, world: str = ACTUAL) -> RainSignal:
    """Read one message.

    Args:
        xml: the document.
        world: the world in which the signal counts. Only a message with status Actual counts in `actual`.

    Raises:
        NotPossible: the document is not a rain signal, or has no colour, region or time.
    """
    root = _root(xml)
    info = _rain_info(root)
    sent_at = _time(_text(root, "sent") or _text(root, "sendTime"), "sent")
    if sent_at is None:
        raise NotPossible("the message has no time of sending: sent, or sendTime, is needed")
    level = _level(info)
    effective_at = _first_time(info, "effective", "onset") or sent_at
    expires_at = _time(_text(info, "expires"), "expires") or effective_at + SIGNAL_WINDOWS[level][0]
    if expires_at <= effective_at:
        raise NotPossible(f"the message ends at {expires_at.isoformat()}, before it begins")
    references = tuple(reference.identifier for reference in parse_references(_text(root, "references")))
    message_type = _message_type(root)
    if message_type is MessageType.CANCEL and not references:
        raise NotPossible("the Cancel names no message that it ends: references is needed")
    return RainSignal(
        identifier=_identifier(root, "identifier"),
        sender=_identifier(root, "sender"),
        message_type=message_type,
        level=level,
        sent_at=sent_at,
        effective_at=effective_at,
        expires_at=expires_at,
        regions=_regions(info),
        references=references,
        headline=_text(info, "headline")[:_HEADLINE_CHARS_MAX],
        status=_status(root, world),
        world=world,
    )


def _root(xml: str) -> Element:
    """Return the alert, without namespaces, because the national form has another one than CAP."""
    try:
        root = without_namespaces(parse(xml))
    except UnreadableXml as error:
        raise NotPossible(str(error)) from None
    if root.tag != "alert":
        raise NotPossible(f"the document is a {root.tag}, not an alert")
    return root


def _rain_info(root: Element) -> Element:
    """Return the first info; the others are its translations."""
    infos = root.findall("info")
    if not infos:
        raise NotPossible("the message has no info, and so no event")
    info = infos[0]
    codes = {_text(code, "value") for code in info.findall("eventCode")} | {_text(info, "eventType")}
    if not codes & RAIN_CODES and not _RAIN_WORDS.search(f"{_text(info, 'event')} {_text(info, 'headline')}"):
        event = _text(info, "event") or _text(info, "eventType") or "without an event"
        raise NotPossible(f"the message is about {event!r}; only rain signals are accepted")
    return info


def _level(info: Element) -> Level:
    """Return the level by the name of its colour; without a colour, by the severity."""
    for words in (_text(info, "event"), _text(info, "headline")):
        if found := _COLOUR.search(words):
            return _COLOURS[found[1]] if found[1] else Level.parse(found[2])
    severity = _text(info, "severity")
    if severity not in _SEVERITIES:
        raise NotPossible("the message names no colour: event, headline or severity must give one")
    return _SEVERITIES[severity]


def _regions(info: Element) -> tuple[str, ...]:
    """Return the first six digits of each code; the national form has 12 or 14 digits, separated by commas."""
    found: dict[str, None] = {}
    for area in info.findall("area"):
        for geocode in area.findall("geocode"):
            for code in _SEPARATORS.split(_text(geocode, "value") or (geocode.text or "")):
                if region := _REGION.match(code):
                    found[region[0]] = None
    if not found:
        raise NotPossible(
            "the message names no region: a geocode that begins with a six-digit GB/T 2260 code is needed"
        )
    return tuple(found)


def _message_type(root: Element) -> MessageType:
    written = _text(root, "msgType")
    try:
        return MessageType(written)
    except ValueError:
        raise NotPossible(f"msgType {written!r} is not accepted: use Alert, Update or Cancel") from None


def _status(root: Element, world: str) -> str:
    status = _text(root, "status")
    if status not in _STATUSES:
        raise NotPossible(f"status {status!r} is not accepted: use Actual, Exercise or Test")
    if world == ACTUAL and status != "Actual":
        raise NotPossible(f"the message is {status}: name the exercise that it belongs to; the worlds never mix")
    return status


def _identifier(root: Element, name: str) -> str:
    value = _text(root, name)
    if not value or len(value) > _IDENTIFIER_CHARS_MAX:
        raise NotPossible(f"the message has no {name}, or one of more than {_IDENTIFIER_CHARS_MAX} characters")
    return value


def _text(element: Element, name: str) -> str:
    """Return the text of the first child of a name, stripped; empty without one."""
    return (element.findtext(name) or "").strip()


def _first_time(info: Element, *names: str) -> datetime | None:
    return next((at for name in names if (at := _time(_text(info, name), name))), None)


def _time(written: str, name: str) -> datetime | None:
    """Parse a time in CAP's form (`T`) or the national form (a space); None if it is empty."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
        in_utc = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is None:
        raise NotPossible(f"{name} {written!r} is not a time with an offset, such as 2026-07-20T16:00:00+08:00")
    return in_utc
