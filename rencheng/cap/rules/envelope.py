"""Rules about the alert as a whole: who, when, for whom, after what. Source: CAP 1.2, domain reference 2.2 and 2.3."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import parse

_TOKEN = re.compile(r"[^\s,<&]+")
_TIMES = ("sent", "effective", "onset", "expires")


def names_are_tokens(alert: Element) -> Iterator[str]:
    """Receivers split `references` at spaces and commas."""
    for name in ("identifier", "sender"):
        value = alert.findtext(f"{{{parse.NAMESPACE}}}{name}") or ""
        if not _TOKEN.fullmatch(value):
            yield f"{name} {value!r} is empty or has a space, comma, < or &: use letters, digits and . - _ @"


def times_have_an_offset(alert: Element) -> Iterator[str]:
    """The day, the T, whole seconds and the offset; Z is not allowed."""
    stamps = [("sent", parse.text(alert, "sent"))]
    for where, info in parse.infos(alert):
        stamps += [(f"{where}: {name}", stamp) for name in _TIMES for stamp in parse.texts(info, name) if stamp]
    for where, stamp in stamps:
        if parse.moment(stamp) is None:
            yield f"{where} {stamp!r} is no CAP time: write it like 2026-07-01T16:05:00+08:00, never with Z"


def restriction_is_for_restricted(alert: Element) -> Iterator[str]:
    """Only scope Restricted has a restriction."""
    scope = parse.text(alert, "scope")
    if scope != "Restricted" and parse.text(alert, "restriction"):
        yield f"restriction is given, scope is {scope!r}: remove restriction, or set scope to Restricted"


def restricted_says_to_whom(alert: Element) -> Iterator[str]:
    """Scope Restricted without its rule leaves the receiver guessing to whom it may pass the message on."""
    if parse.text(alert, "scope") == "Restricted" and not parse.text(alert, "restriction"):
        yield "scope is Restricted, restriction is missing: say to whom the message may be passed on"


def private_says_to_whom(alert: Element) -> Iterator[str]:
    """Scope Private needs its addressees."""
    if parse.text(alert, "scope") == "Private" and not parse.text(alert, "addresses"):
        yield "scope is Private, addresses is missing: list the receivers"


def references_are_triples(alert: Element) -> Iterator[str]:
    """A receiver finds the earlier message by all three parts."""
    for triple in parse.text(alert, "references").split():
        if parse.reference(triple) is None:
            yield f"reference {triple!r} is not sender,identifier,sent: copy the three from the earlier message"


def references_are_not_itself(alert: Element) -> Iterator[str]:
    """A message that replaces itself is never in force."""
    own = parse.text(alert, "identifier")
    if any(identifier == own for _, identifier, _ in parse.references(alert)):
        yield f"{own!r} refers to itself: list only earlier messages"


def references_are_not_postdated(alert: Element) -> Iterator[str]:
    """What is replaced was sent before."""
    sent = parse.moment(parse.text(alert, "sent"))
    for _, identifier, earlier in parse.references(alert):
        if sent is not None and earlier > sent:
            yield f"reference to {identifier!r} is later than sent: correct the clock or the reference"


def later_messages_refer(alert: Element) -> Iterator[str]:
    """An Update or a Cancel acts only on what it names; without references the old warning stays in force."""
    kind = parse.text(alert, "msgType")
    if kind in {"Update", "Cancel"} and not parse.text(alert, "references"):
        yield f"msgType is {kind}, references is missing or empty: name all messages of this warning still in force"


def has_info(alert: Element) -> Iterator[str]:
    """Without info nobody learns what has happened."""
    if not parse.children(alert, "info"):
        yield "info is missing: add one for each language"
