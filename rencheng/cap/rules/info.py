"""Rules about each info: complete, in its own language, without markup. Source: domain reference 2.3."""

import itertools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from rencheng.cap import xml
from rencheng.text.formatting import has_markup

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
"""RFC 3066."""

_DEFAULT_LANGUAGE = "en-US"
"""The language of an info that names none. Source: CAP 1.2."""

_TEXTS_FOR_PEOPLE = ("event", "headline", "description", "instruction")


def _missing(alert: Element, name: str, remedy: str) -> Iterator[str]:
    """Yield a finding for each info that has no such element, or an empty one."""
    for where, info in xml.infos(alert):
        if not any(xml.texts(info, name)):
            yield f"{where}: {name} is missing: {remedy}"


def has_description(alert: Element) -> Iterator[str]:
    """Require a description."""
    return _missing(alert, "description", "say what was measured, where, and against which threshold")


def has_web(alert: Element) -> Iterator[str]:
    """Require the address of a page with details."""
    return _missing(alert, "web", "give the address of the page of this warning")


def has_expires(alert: Element) -> Iterator[str]:
    """Require an end, because receivers otherwise each choose their own."""
    return _missing(alert, "expires", "say when the message ends by itself")


def has_urgency(alert: Element) -> Iterator[str]:
    """Require an urgency."""
    return _missing(alert, "urgency", "use Immediate, Expected, Future or Past")


def has_severity(alert: Element) -> Iterator[str]:
    """Require a severity."""
    return _missing(alert, "severity", "use Extreme, Severe, Moderate or Minor")


def has_certainty(alert: Element) -> Iterator[str]:
    """Require a certainty."""
    return _missing(alert, "certainty", "use Observed, Likely, Possible or Unlikely")


def has_area(alert: Element) -> Iterator[str]:
    """Require an area."""
    for where, info in xml.infos(alert):
        if not xml.children(info, "area"):
            yield f"{where}: area is missing: give the area of the people to warn"


def categories_agree(alert: Element) -> Iterator[str]:
    """Require equal categories, because the infos are translations of one event."""
    found = [frozenset(xml.texts(info, "category")) for _, info in xml.infos(alert)]
    if len(set(found)) > 1:
        yield "the infos differ in category: give all languages the same"


def event_codes_agree(alert: Element) -> Iterator[str]:
    """Require equal event codes, because the infos are translations of one event."""
    found = [frozenset(xml.pairs(info, "eventCode")) for _, info in xml.infos(alert)]
    if len(set(found)) > 1:
        yield "the infos differ in eventCode: give all languages the same"


def effective_before_expires(alert: Element) -> Iterator[str]:
    """Reject an end before the beginning, because receivers never show such a message."""
    for where, info in xml.infos(alert):
        begins = xml.parse_time(xml.text(info, "effective") or xml.text(alert, "sent"))
        ends = xml.parse_time(xml.text(info, "expires"))
        if begins is not None and ends is not None and begins > ends:
            yield f"{where}: effective is after expires: let it end later than it begins"


def languages_are_tags(alert: Element) -> Iterator[str]:
    """Require language tags, because receivers choose an info by its language."""
    for where, info in xml.infos(alert):
        tag = xml.text(info, "language")
        if tag and not _LANGUAGE.fullmatch(tag):
            yield f"{where}: language {tag!r} is not an RFC 3066 tag: use one like zh-CN"


def languages_differ_in_text(alert: Element) -> Iterator[str]:
    """Reject equal texts in two languages, because one of them is not translated."""
    found = list(xml.infos(alert))
    for (where, info), (other_where, other) in itertools.combinations(found, 2):
        if _language(info) == _language(other):
            continue
        for name in _TEXTS_FOR_PEOPLE:
            if xml.text(info, name) and xml.text(info, name) == xml.text(other, name):
                yield f"{where} and {other_where} have the same {name} in two languages: translate it"


def _language(info: Element) -> str:
    """Return the language of an info in lower case."""
    return (xml.text(info, "language") or _DEFAULT_LANGUAGE).lower()


def web_is_absolute(alert: Element) -> Iterator[str]:
    """Reject a relative address, because a receiver cannot resolve it."""
    for where, info in xml.infos(alert):
        for address in xml.texts(info, "web"):
            if address and not is_absolute(address):
                yield f"{where}: web {address!r} is not absolute: begin with https:// and the host"


def is_absolute(address: str) -> bool:
    """Return whether an address has a scheme and something after it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", address)


def texts_have_no_markup(alert: Element) -> Iterator[str]:
    """Reject markup, because CAP is plain text: receivers show a tag or an entity literally, or drop it."""
    for element in alert.iter():
        if len(element) == 0 and has_markup(element.text or ""):
            yield f"{xml.local_name(element)} has an HTML tag or entity: write plain text, and escape it once only"
