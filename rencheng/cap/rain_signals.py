"""A rain signal out of CAP 1.2, or out of the national form (国家突发事件预警信息, domain reference 1.5)."""

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from rencheng.cap.tree import moment, root_of, text
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import SIGNAL_WINDOWS, RainSignal

RAIN_CODES = frozenset({"11B03"})
"""暴雨 among the national event codes; domain reference 1.5."""

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
"""CAP's words, and the national form's, which writes the colour there; domain reference 1.5 and 2.4."""

_STATUSES = frozenset({"Actual", "Exercise", "Test"})
_REGION = re.compile(r"\d{6}")
_DIVIDERS = re.compile(r"[,;\s]+")


def read_signal(xml: str, *, world: str = ACTUAL) -> RainSignal:
    """Read one message.

    Args:
        xml: the document.
        world: where it is to count. Only what is Actual counts in `actual`.

    Raises:
        NotPossible: it is no rain signal, or does not say which colour, where, or since when.
    """
    root = root_of(xml)
    if root.tag != "alert":
        raise NotPossible(f"the document is a {root.tag}, not an alert")
    info = _rain_info(root)
    sent_at = moment(text(root, "sent") or text(root, "sendTime"), "sent")
    if sent_at is None:
        raise NotPossible("the message does not say when it was sent (sent, or sendTime)")
    level = _level(info)
    effective_at = _first_moment(info, "effective", "onset") or sent_at
    expires_at = moment(text(info, "expires"), "expires") or effective_at + SIGNAL_WINDOWS[level][0]
    if expires_at <= effective_at:
        raise NotPossible(f"the message ends at {expires_at.isoformat()}, before it begins")
    message_type, references = _message_type(root), tuple(_references(text(root, "references")))
    if message_type is MessageType.CANCEL and not references:
        raise NotPossible("the Cancel names no message that it ends (references)")
    return RainSignal(
        identifier=_said(root, "identifier"),
        sender=_said(root, "sender"),
        message_type=message_type,
        level=level,
        sent_at=sent_at,
        effective_at=effective_at,
        expires_at=expires_at,
        regions=_regions(info),
        references=references,
        headline=text(info, "headline")[:200],
        status=_status(root, world),
        world=world,
    )


def _rain_info(root: ET.Element) -> ET.Element:
    """The first of its infos; all of them must tell of one event, in several languages at most."""
    infos = root.findall("info")
    if not infos:
        raise NotPossible("the message has no info, and so tells of no event")
    info = infos[0]
    codes = {text(code, "value") for code in info.findall("eventCode")} | {text(info, "eventType")}
    if not codes & RAIN_CODES and not _RAIN_WORDS.search(f"{text(info, 'event')} {text(info, 'headline')}"):
        what = text(info, "event") or text(info, "eventType") or "nothing"
        raise NotPossible(f"the message tells of {what!r}; rain signals alone are taken in")
    return info


def _level(info: ET.Element) -> Level:
    """The colour by its name; where only a severity is given, by that."""
    for words in (text(info, "event"), text(info, "headline")):
        if found := _COLOUR.search(words):
            return _COLOURS[found[1]] if found[1] else Level.parse(found[2])
    severity = text(info, "severity")
    if severity not in _SEVERITIES:
        raise NotPossible("the message names no colour, neither in event or headline nor by its severity")
    return _SEVERITIES[severity]


def _regions(info: ET.Element) -> tuple[str, ...]:
    """Six digits of each code: the national form has twelve or fourteen, joined by commas."""
    found: dict[str, None] = {}
    for area in info.findall("area"):
        for geocode in area.findall("geocode"):
            for code in _DIVIDERS.split(text(geocode, "value") or (geocode.text or "")):
                if region := _REGION.match(code):
                    found[region[0]] = None
    if not found:
        raise NotPossible(
            "the message names no region: a geocode that begins with a six-digit GB/T 2260 code is needed"
        )
    return tuple(found)


def _references(listed: str) -> Iterator[str]:
    """CAP writes sender,identifier,sent; the national form the identifier alone."""
    for each in listed.split():
        parts = each.split(",")
        yield parts[1] if len(parts) > 1 else parts[0]


def _message_type(root: ET.Element) -> MessageType:
    said = text(root, "msgType")
    try:
        return MessageType(said)
    except ValueError:
        raise NotPossible(f"msgType {said!r} says nothing of a signal: Alert, Update or Cancel") from None


def _status(root: ET.Element, world: str) -> str:
    status = text(root, "status")
    if status not in _STATUSES:
        raise NotPossible(f"status {status!r} is not taken in: Actual, Exercise or Test")
    if world == ACTUAL and status != "Actual":
        raise NotPossible(f"the message is {status}: name the exercise that it belongs to; the worlds never mix")
    return status


def _said(root: ET.Element, name: str) -> str:
    said = text(root, name)
    if not said or len(said) > _NAME_CHARS_MAX:
        raise NotPossible(f"the message has no {name}, or one of more than {_NAME_CHARS_MAX} characters")
    return said


_NAME_CHARS_MAX = 200


def _first_moment(info: ET.Element, *names: str) -> datetime | None:
    return next((at for name in names if (at := moment(text(info, name), name))), None)
