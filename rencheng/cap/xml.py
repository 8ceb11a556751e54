"""Parse XML from outside safely, and read its values in the forms that CAP prescribes."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from rencheng.domain.site import Point

Rule = Callable[[Element], Iterator[str]]
"""A rule yields a finding, with its remedy, for each fault of an `alert`; it yields nothing for a valid one."""

CAP_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

CAP_MEDIA_TYPE = "application/cap+xml"

CHARS_MAX = 1_000_000
"""Our warnings have about 5,000 characters. A signature and pictures by reference stay far below this limit."""

ELEMENTS_MAX = 40_000
"""A signal for 5,000 regions has 15,000 elements. An element costs several microseconds and 100 bytes."""

DEPTH_MAX = 32
"""CAP has five levels; a signature has six."""

_CHUNK_CHARS = 2**16

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d{1,9}(\.\d{1,15})?", re.ASCII)
_PARTS_OF_PAIR = 2


class UnreadableXml(ValueError):
    """XML that is rejected unread. The message says why and what to do."""


class _BoundedBuilder(TreeBuilder):
    """A builder that stops at a bound, because each element costs more than its text."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > ELEMENTS_MAX:
            raise UnreadableXml(f"the document has more than {ELEMENTS_MAX} elements: name fewer areas a message")
        if self._depth > DEPTH_MAX:
            raise UnreadableXml(f"the document has elements in more than {DEPTH_MAX} levels: CAP has five")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(xml: str) -> Element:
    """Parse a document and return its root.

    Raises:
        UnreadableXml: the document is too long or too complex, is not well-formed, or has a document type.
    """
    if len(xml) > CHARS_MAX:
        raise UnreadableXml(
            f"the document has more than {CHARS_MAX} characters: refer to pictures, do not enclose them"
        )
    try:
        parser = defusedxml.ElementTree.DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True)
        for begin in range(0, len(xml), _CHUNK_CHARS):  # so that a document over the bounds is not read to its end
            parser.feed(xml[begin : begin + _CHUNK_CHARS])
        root: Element = parser.close()
    except DefusedXmlException:
        raise UnreadableXml(
            "the document has a DOCTYPE: remove it; CAP needs none, and entities can exhaust a receiver"
        ) from None
    except (ParseError, UnicodeError) as error:
        raise UnreadableXml(f"the document is not well-formed XML ({error}): write it with an XML library") from None
    return root


def cap_tag(name: str) -> str:
    """Return the name of a CAP element as ElementTree writes it."""
    return f"{{{CAP_NAMESPACE}}}{name}"


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def without_namespaces(root: Element) -> Element:
    """Remove the namespace from every name in a document, in place, and return its root."""
    for element in root.iter():
        element.tag = local_name(element)
    return root


def children(parent: Element, name: str) -> list[Element]:
    """Return the direct CAP children of one name."""
    return parent.findall(cap_tag(name))


def texts(parent: Element, name: str) -> list[str]:
    """Return the texts of the direct CAP children of one name, stripped."""
    return [(child.text or "").strip() for child in children(parent, name)]


def text(parent: Element, name: str) -> str:
    """Return the first of these texts; empty without one."""
    return next(iter(texts(parent, name)), "")


def pairs(parent: Element, name: str) -> list[tuple[str, str]]:
    """Return named values, such as those of `parameter` and `geocode`."""
    return [(text(pair, "valueName"), text(pair, "value")) for pair in children(parent, name)]


def infos(alert: Element) -> Iterator[tuple[str, Element]]:
    """Yield each info with its position in words."""
    for number, info in enumerate(children(alert, "info"), start=1):
        yield f"info {number}", info


def areas(alert: Element) -> Iterator[tuple[str, Element]]:
    """Yield each area of each info with its position in words."""
    for where, info in infos(alert):
        for number, area in enumerate(children(info, "area"), start=1):
            yield f"{where}, area {number}", area


def parse_time(written: str) -> datetime | None:
    """Parse a time in CAP's form; None for any other form."""
    if not _TIME.fullmatch(written):
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def parse_decimal(digits: str) -> float | None:
    """Parse a plain decimal number; None for other forms, also for those that only Python reads as a float."""
    return float(digits) if _DECIMAL.fullmatch(digits) else None


def parse_point(pair: str) -> Point | None:
    """Parse `lat,lon`; None for any other form."""
    numbers = [parse_decimal(part) for part in pair.split(",")]
    if len(numbers) != _PARTS_OF_PAIR or numbers[0] is None or numbers[1] is None:
        return None
    return numbers[0], numbers[1]


def parse_polygon(points: str) -> list[Point] | None:
    """Parse points that are separated by spaces; None if one of them is not a point."""
    parsed = [parse_point(pair) for pair in points.split()]
    corners = [corner for corner in parsed if corner is not None]
    return corners if len(corners) == len(parsed) else None


def parse_circle(written: str) -> tuple[Point, float] | None:
    """Parse `lat,lon radius_km`; None for any other form."""
    parts = written.split()
    if len(parts) != _PARTS_OF_PAIR:
        return None
    centre, radius_km = parse_point(parts[0]), parse_decimal(parts[1])
    return None if centre is None or radius_km is None else (centre, radius_km)
