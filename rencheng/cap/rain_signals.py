"""Read rain signals from CAP 1.2, or from the national form (国家突发事件预警信息, domain reference 1.5).

One message may hold several signals: each info has its own colour, areas and times. Infos that say the same of the same
areas, as translations do, are one signal.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from xml.etree.ElementTree import Element

from rencheng.cap.rain_codes import coded_level, is_rain, plain, region_codes
from rencheng.cap.rain_words import RainWords, read_words
from rencheng.cap.references import parse_references
from rencheng.cap.xml import UnreadableXml, parse, without_namespaces
from rencheng.cap.xml_encoding import decode_xml
from rencheng.domain.bounds import CONTROLS, EARLIEST, FUTURE, LATEST, plain_text
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import REGIONS_MAX, SIGNAL_WINDOWS, RainSignal

_SEVERITIES = {"Extreme": Level.RED, "Severe": Level.ORANGE, "Moderate": Level.YELLOW, "Minor": Level.BLUE}
"""Source: domain reference 2.4."""

_STATUSES = frozenset({"Actual", "Exercise", "Test"})
_IDENTIFIER_CHARS_MAX = 200
_HEADLINE_CHARS_MAX = 200
_REFERENCES_MAX = 200
INFOS_MAX = 100


class _Source(IntEnum):
    """Where a colour was found, the best last."""

    NONE = 0
    SEVERITY = 1
    WORDS = 2
    CODE = 3


@dataclass(frozen=True, slots=True)
class _SignalPart:
    """What one info says."""

    level: Level
    source: _Source
    ends: bool
    effective_at: datetime
    expires_at: datetime | None
    regions: tuple[str, ...]
    headline: str


def decode_document(document: bytes) -> str:
    """Return a document as text, whatever its encoding.

    Raises:
        NotPossible: its bytes are not in the encoding that it declares.
    """
    try:
        return decode_xml(document)
    except UnreadableXml as error:
        raise NotPossible(str(error)) from None


def read_signals(xml: str, *, world: str = ACTUAL, received_at: datetime | None = None) -> tuple[RainSignal, ...]:
    """Read one message. A message that ends others gives signals that end.

    Args:
        xml: the document.
        world: the world in which the signals count. Only a message with status Actual counts in `actual`.
        received_at: when it was received. In `actual` it cannot be sent later; an exercise has its own time.

    Raises:
        NotPossible: the document is not a rain signal, or has no colour, region or time.
    """
    root = _root(xml)
    infos = _rain_infos(root)
    sent_at = _time(plain(root, "sent") or plain(root, "sendTime"), "sent")
    if sent_at is None:
        raise NotPossible("the message has no time of sending: sent, or sendTime, is needed")
    if world == ACTUAL and received_at and sent_at > received_at + FUTURE:
        raise NotPossible(f"the message was sent at {sent_at.isoformat()}, in the future: check its clock and offset")
    message_type = _message_type(root)
    references = _references(root)
    is_cancel = message_type is MessageType.CANCEL
    parts = [_part(info, sent_at, message_type) for info in infos]
    if is_cancel and not parts:
        parts = [_SignalPart(Level.NONE, _Source.NONE, True, sent_at, None, (), "")]
    if any(part.ends for part in parts) and not references:
        raise NotPossible(
            "the message is a Cancel, AllClear or 解除, but names no message that it ends: add references"
        )
    message = RainSignal(
        identifier=_identifier(root, "identifier"),
        sender=_identifier(root, "sender"),
        message_type=message_type,
        level=Level.NONE,
        sent_at=sent_at,
        effective_at=sent_at,
        expires_at=sent_at,
        regions=(),
        references=references,
        status=_status(root, world),
        world=world,
    )
    return tuple(_signal(message, number, part) for number, part in enumerate(_merged(parts)))


def _root(xml: str) -> Element:
    """Return the alert, without namespaces, because the national form has another one than CAP."""
    try:
        root = without_namespaces(parse(xml))
    except UnreadableXml as error:
        raise NotPossible(str(error)) from None
    if root.tag != "alert":
        raise NotPossible(f"the document is a {root.tag[:100]}, not an alert")
    return root


def _rain_infos(root: Element) -> list[Element]:
    """Return the infos about rain. A Cancel needs none, because its references say what ends."""
    infos = root.findall("info")
    if not infos and plain(root, "msgType") != MessageType.CANCEL:
        raise NotPossible("the message has no info, and so no event")
    if len(infos) > INFOS_MAX:
        raise NotPossible(f"the message has more than {INFOS_MAX} infos: send several messages")
    found = [info for info in infos if _is_rain(info)]
    if infos and not found:
        event = plain(infos[0], "event") or plain(infos[0], "eventType") or "without an event"
        raise NotPossible(f"the message is about {event[:100]!r}; only rain signals are accepted")
    return found


def _is_rain(info: Element) -> bool:
    """Return whether an info is about rain: by its event codes, otherwise by the words of event or headline."""
    by_code = is_rain(info)
    return _words(info).is_rain if by_code is None else by_code


def _words(info: Element) -> RainWords:
    return read_words(plain(info, "event"), plain(info, "headline"))


def _part(info: Element, sent_at: datetime, message_type: MessageType) -> _SignalPart:
    words = _words(info)
    effective_at = next(
        (at for name in ("effective", "onset") if (at := _time(plain(info, name), name))),
        sent_at,
    )
    expires_at = _time(plain(info, "expires"), "expires")
    responses = {(each.text or "").strip() for each in info.findall("responseType")}
    is_over = expires_at is not None and expires_at <= effective_at
    ends = (
        message_type is MessageType.CANCEL
        or "AllClear" in responses
        or plain(info, "urgency") == "Past"
        or words.ends
        or (is_over and message_type is MessageType.UPDATE)
    )
    level, source = _level(info, words, ends=ends)
    if is_over and expires_at and not ends:
        raise NotPossible(f"the message ends at {expires_at.isoformat()}, before it begins")
    regions = tuple(dict.fromkeys(region_codes(info)))
    return _SignalPart(level, source, ends, effective_at, expires_at, regions, _headline(info))


def _headline(info: Element) -> str:
    """Return the headline on one line, without control characters."""
    return re.sub(rf"[\s{CONTROLS}]+", " ", plain(info, "headline"))[:_HEADLINE_CHARS_MAX].strip()


def _level(info: Element, words: RainWords, *, ends: bool) -> tuple[Level, _Source]:
    """Return the colour and where it was found: a code, then the words, then the severity.

    A code and words that contradict each other count as the graver of the two.
    """
    by_words = words.level or (words.ended_level if ends else Level.NONE)
    if code := coded_level(info):
        return max(code, by_words), _Source.CODE
    if by_words:
        return by_words, _Source.WORDS
    if by_severity := _SEVERITIES.get(plain(info, "severity")):
        return by_severity, _Source.SEVERITY
    if ends:
        return Level.NONE, _Source.NONE
    raise NotPossible("the message names no colour: parameter, event, headline or severity must give one")


def _merged(parts: Iterable[_SignalPart]) -> list[_SignalPart]:
    """Return one part for all infos of the same areas and times, such as translations: the best source counts.

    An info without areas is left out if another has them. Of infos that contradict each other the gravest counts.
    """
    found: dict[object, _SignalPart] = {}
    with_regions = [part for part in parts if part.regions]
    endings = [part for part in parts if part.ends and not part.regions]
    for part in with_regions or endings:
        key = (frozenset(part.regions), part.effective_at, part.expires_at, part.ends)
        known = found.get(key, part)
        found[key] = max(known, part, key=lambda one: (one.source, one.level))
    if not found:
        raise NotPossible(
            "the message names no region: a geocode that begins with a six-digit GB/T 2260 code is needed"
        )
    merged = sorted(found.values(), key=lambda part: (-part.level, part.ends, sorted(part.regions)))
    if sum(len(part.regions) for part in merged) > REGIONS_MAX:
        raise NotPossible(f"the message names more than {REGIONS_MAX} regions: name the city or the province")
    return merged


def _signal(message: RainSignal, number: int, part: _SignalPart) -> RainSignal:
    window = SIGNAL_WINDOWS.get(part.level, SIGNAL_WINDOWS[Level.BLUE])[0]
    expires_at = part.expires_at or part.effective_at + window
    return replace(
        message,
        part=number,
        level=part.level,
        effective_at=part.effective_at,
        expires_at=expires_at,
        regions=tuple(sorted(part.regions)),
        headline=part.headline,
        ends=part.ends,
    )


def _message_type(root: Element) -> MessageType:
    written = plain(root, "msgType")
    try:
        return MessageType(written)
    except ValueError:
        raise NotPossible(f"msgType {written[:50]!r} is not accepted: use Alert, Update or Cancel") from None


def _references(root: Element) -> tuple[str, ...]:
    references = tuple(dict.fromkeys(each.identifier for each in parse_references(plain(root, "references"))))
    if len(references) > _REFERENCES_MAX or any(len(each) > _IDENTIFIER_CHARS_MAX for each in references):
        raise NotPossible(
            f"references names more than {_REFERENCES_MAX} messages, or one by more than"
            f" {_IDENTIFIER_CHARS_MAX} characters: name those that are in force"
        )
    return references


def _status(root: Element, world: str) -> str:
    status = plain(root, "status")
    if status not in _STATUSES:
        raise NotPossible(f"status {status[:50]!r} is not accepted: use Actual, Exercise or Test")
    if world == ACTUAL and status != "Actual":
        raise NotPossible(f"the message is {status}: name the exercise that it belongs to; the worlds never mix")
    return status


def _identifier(root: Element, name: str) -> str:
    value = plain(root, name)
    if not value or len(value) > _IDENTIFIER_CHARS_MAX:
        raise NotPossible(f"the message has no {name}, or one of more than {_IDENTIFIER_CHARS_MAX} characters")
    try:
        return plain_text(value)
    except ValueError as error:
        raise NotPossible(f"{name}: {error}") from None


def _time(written: str, name: str) -> datetime | None:
    """Parse a time in CAP's form (`T`) or the national form (a space); None if it is empty."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
        in_utc = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is None or not EARLIEST <= in_utc < LATEST:
        raise NotPossible(
            f"{name} {written[:50]!r} is not a time with an offset, such as 2026-07-20T16:00:00+08:00,"
            f" of the years {EARLIEST.year} to {LATEST.year - 1}"
        )
    return in_utc
