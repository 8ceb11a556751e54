"""Rules about each info: complete, in its own language, free of markup. Source: domain reference 2.3."""

import itertools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from rencheng.cap import parse
from rencheng.text.formatting import has_markup

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
"""RFC 3066."""

_LANGUAGE_UNSAID = "en-US"
"""CAP 1.2: what an info without language is taken to be in."""

_FOR_PEOPLE = ("event", "headline", "description", "instruction")


def _missing(alert: Element, name: str, remedy: str) -> Iterator[str]:
    """Each info that lacks an element, or has it empty."""
    for where, info in parse.infos(alert):
        if not any(parse.texts(info, name)):
            yield f"{where}: {name} is missing: {remedy}"


def has_description(alert: Element) -> Iterator[str]:
    """What has happened."""
    return _missing(alert, "description", "say what was measured, where, and against what")


def has_web(alert: Element) -> Iterator[str]:
    """Where to read more."""
    return _missing(alert, "web", "give the address of the page of this warning")


def has_expires(alert: Element) -> Iterator[str]:
    """Without it, each receiver decides for itself how long the warning stands."""
    return _missing(alert, "expires", "say when the message ends by itself")


def has_urgency(alert: Element) -> Iterator[str]:
    """How soon."""
    return _missing(alert, "urgency", "use Immediate, Expected, Future or Past")


def has_severity(alert: Element) -> Iterator[str]:
    """How bad."""
    return _missing(alert, "severity", "use Extreme, Severe, Moderate or Minor")


def has_certainty(alert: Element) -> Iterator[str]:
    """How sure."""
    return _missing(alert, "certainty", "use Observed, Likely, Possible or Unlikely")


def has_area(alert: Element) -> Iterator[str]:
    """Where."""
    for where, info in parse.infos(alert):
        if not parse.children(info, "area"):
            yield f"{where}: area is missing: say where people are to be told"


def categories_agree(alert: Element) -> Iterator[str]:
    """The infos are translations of one event."""
    found = [frozenset(parse.texts(info, "category")) for _, info in parse.infos(alert)]
    if len(set(found)) > 1:
        yield "the infos differ in category: give all languages the same"


def event_codes_agree(alert: Element) -> Iterator[str]:
    """The infos are translations of one event."""
    found = [frozenset(parse.pairs(info, "eventCode")) for _, info in parse.infos(alert)]
    if len(set(found)) > 1:
        yield "the infos differ in eventCode: give all languages the same"


def effective_before_expires(alert: Element) -> Iterator[str]:
    """A message that ends before it begins is never shown."""
    for where, info in parse.infos(alert):
        begins = parse.moment(parse.text(info, "effective") or parse.text(alert, "sent"))
        ends = parse.moment(parse.text(info, "expires"))
        if begins is not None and ends is not None and begins > ends:
            yield f"{where}: effective is after expires: let it end later than it begins"


def languages_are_tags(alert: Element) -> Iterator[str]:
    """Receivers choose an info by its language."""
    for where, info in parse.infos(alert):
        tag = parse.text(info, "language")
        if tag and not _LANGUAGE.fullmatch(tag):
            yield f"{where}: language {tag!r} is no RFC 3066 tag: use one like zh-CN"


def languages_differ_in_text(alert: Element) -> Iterator[str]:
    """The same text under two languages is in the wrong language for one of them."""
    found = list(parse.infos(alert))
    for (where, info), (other_where, other) in itertools.combinations(found, 2):
        if _language(info) == _language(other):
            continue
        for name in _FOR_PEOPLE:
            if parse.text(info, name) and parse.text(info, name) == parse.text(other, name):
                yield f"{where} and {other_where} have the same {name} in two languages: translate it"


def _language(info: Element) -> str:
    """The language of an info, in one spelling."""
    return (parse.text(info, "language") or _LANGUAGE_UNSAID).lower()


def web_is_absolute(alert: Element) -> Iterator[str]:
    """A relative address leads nowhere in another's system."""
    for where, info in parse.infos(alert):
        for address in parse.texts(info, "web"):
            if address and not is_absolute(address):
                yield f"{where}: web {address!r} is not absolute: begin with https:// and the host"


def is_absolute(address: str) -> bool:
    """Whether an address has a scheme and something after it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", address)


def texts_have_no_markup(alert: Element) -> Iterator[str]:
    """CAP is plain text: a tag or an entity would be read aloud, or cut out with what it holds."""
    for element in alert.iter():
        if len(element) == 0 and has_markup(element.text or ""):
            name = element.tag.rpartition("}")[2]
            yield f"{name} has an HTML tag or entity: write plain text, and escape it once only"
