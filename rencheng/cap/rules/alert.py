"""Rules about the alert: identity, times, scope, references. Source: CAP 1.2, domain reference 2.2 and 2.3."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import xml
from rencheng.cap.references import Reference, references_of
from rencheng.text.publisher import CAP_TOKEN

_TIMES = ("sent", "effective", "onset", "expires")


def identifier_and_sender_are_tokens(alert: Element) -> Iterator[str]:
    """Require tokens, because receivers split `references` at spaces and commas."""
    for name in ("identifier", "sender"):
        value = alert.findtext(xml.cap_tag(name)) or ""
        if not CAP_TOKEN.fullmatch(value):
            yield f"{name} {value!r} is empty or has a space, comma, < or &: use letters, digits and . - _ @"


def times_have_an_offset(alert: Element) -> Iterator[str]:
    """Require date, T, whole seconds and offset; CAP does not allow Z."""
    stamps = [("sent", xml.text(alert, "sent"))]
    for where, info in xml.infos(alert):
        stamps += [(f"{where}: {name}", stamp) for name in _TIMES for stamp in xml.texts(info, name) if stamp]
    for where, stamp in stamps:
        if xml.parse_time(stamp) is None:
            yield f"{where} {stamp!r} is not a CAP time: write it like 2026-07-01T16:05:00+08:00, never with Z"


def restriction_needs_scope_restricted(alert: Element) -> Iterator[str]:
    """Reject a restriction unless the scope is Restricted."""
    scope = xml.text(alert, "scope")
    if scope != "Restricted" and xml.text(alert, "restriction"):
        yield f"restriction is given, scope is {scope!r}: remove restriction, or set scope to Restricted"


def scope_restricted_has_restriction(alert: Element) -> Iterator[str]:
    """Require a restriction, because it names those who may receive the message."""
    if xml.text(alert, "scope") == "Restricted" and not xml.text(alert, "restriction"):
        yield "scope is Restricted, restriction is missing: state who may receive the message"


def scope_private_has_addresses(alert: Element) -> Iterator[str]:
    """Require addresses for scope Private."""
    if xml.text(alert, "scope") == "Private" and not xml.text(alert, "addresses"):
        yield "scope is Private, addresses is missing: list the receivers"


def references_are_triples(alert: Element) -> Iterator[str]:
    """Require all three parts, because a receiver finds the earlier message by them."""
    for reference in references_of(alert):
        if not reference.is_complete:
            yield (
                f"reference {reference.written!r} is not sender,identifier,sent: "
                "copy the three from the earlier message"
            )


def references_are_to_other_messages(alert: Element) -> Iterator[str]:
    """Reject a reference to the message itself, because such a message is never in force."""
    own = xml.text(alert, "identifier")
    if any(reference.identifier == own for reference in _complete_references(alert)):
        yield f"{own!r} refers to itself: list only earlier messages"


def references_are_earlier(alert: Element) -> Iterator[str]:
    """Reject a reference to a message that was sent later."""
    sent = xml.parse_time(xml.text(alert, "sent"))
    for reference in _complete_references(alert):
        if sent and reference.sent and reference.sent > sent:
            yield f"reference to {reference.identifier!r} is later than sent: correct the clock or the reference"


def update_and_cancel_have_references(alert: Element) -> Iterator[str]:
    """Require references, because an Update or a Cancel acts only on the messages that it lists."""
    kind = xml.text(alert, "msgType")
    if kind in {"Update", "Cancel"} and not xml.text(alert, "references"):
        yield f"msgType is {kind}, references is missing or empty: name all messages of this warning still in force"


def has_info(alert: Element) -> Iterator[str]:
    """Require an info, because it carries the event and its description."""
    if not xml.children(alert, "info"):
        yield "info is missing: add one for each language"


def _complete_references(alert: Element) -> list[Reference]:
    return [reference for reference in references_of(alert) if reference.is_complete]
