"""Reads a CAP document that may be anything: safely, and in values that rules can compare."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Never
from xml.etree import ElementTree as ET  # the parser below refuses what makes XML from outside dangerous

from rencheng.cap.area import Point

Rule = Callable[[ET.Element], Iterator[str]]
"""A rule looks at an `alert` and says what is wrong and what to do; it says nothing when all is well."""

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

CHARS_MAX = 1_000_000
"""A warning has five thousand characters; with signature and pictures by reference it never comes near this."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d{1,9}(\.\d{1,15})?", re.ASCII)
_PARTS_OF_PAIR = 2
_PARTS_OF_REFERENCE = 3


class Unreadable(ValueError):
    """The text is no XML that we read. The message says why, and what to do."""


class _NoDoctype(ET.TreeBuilder):
    """Stops at a document type, before any entity in it is defined, expanded or fetched."""

    def doctype(self, _name: str, _pubid: str | None, _system: str | None) -> Never:
        """Called by the parser at `<!DOCTYPE`."""
        raise Unreadable("the document has a DOCTYPE: remove it; CAP needs none, and entities can exhaust a receiver")


def read(xml: str) -> ET.Element:
    """The root of a document.

    Raises:
        Unreadable: too long, not well-formed, or with a document type.
    """
    if len(xml) > CHARS_MAX:
        raise Unreadable(f"the document has more than {CHARS_MAX} characters: refer to pictures, do not enclose them")
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - document types are refused, so no entity is ever expanded
    try:
        parser.feed(xml)
        root = parser.close()
    except (ET.ParseError, UnicodeError) as error:
        raise Unreadable(f"the document is not well-formed XML ({error}): write it with an XML library") from None
    return root


def children(parent: ET.Element, name: str) -> list[ET.Element]:
    """The elements of one name directly below."""
    return parent.findall(f"{{{NAMESPACE}}}{name}")


def texts(parent: ET.Element, name: str) -> list[str]:
    """Their texts, without the white space around."""
    return [(child.text or "").strip() for child in children(parent, name)]


def text(parent: ET.Element, name: str) -> str:
    """The first of their texts, empty if there is none."""
    return next(iter(texts(parent, name)), "")


def pairs(parent: ET.Element, name: str) -> list[tuple[str, str]]:
    """Named values."""
    return [(text(pair, "valueName"), text(pair, "value")) for pair in children(parent, name)]


def infos(alert: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """Each info, with words for where it stands."""
    for place, info in enumerate(children(alert, "info"), start=1):
        yield f"info {place}", info


def areas(alert: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """Each area of each info, with words for where it stands."""
    for where, info in infos(alert):
        for place, area in enumerate(children(info, "area"), start=1):
            yield f"{where}, area {place}", area


def moment(stamp: str) -> datetime | None:
    """A time as CAP writes it; None if it is not one."""
    if not _TIME.fullmatch(stamp):
        return None
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


def decimal(digits: str) -> float | None:
    """A plain decimal number; None for anything else, also for what Python alone takes as a float."""
    return float(digits) if _DECIMAL.fullmatch(digits) else None


def point(pair: str) -> Point | None:
    """`lat,lon`."""
    numbers = [decimal(part) for part in pair.split(",")]
    if len(numbers) != _PARTS_OF_PAIR or numbers[0] is None or numbers[1] is None:
        return None
    return numbers[0], numbers[1]


def polygon(points: str) -> list[Point] | None:
    """Points parted by spaces; None if one of them is not a point."""
    read_points = [point(pair) for pair in points.split()]
    known = [corner for corner in read_points if corner is not None]
    return known if len(known) == len(read_points) else None


def circle(form: str) -> tuple[Point, float] | None:
    """`lat,lon radius_km`; None if it is not of this form."""
    parts = form.split()
    if len(parts) != _PARTS_OF_PAIR:
        return None
    centre, radius_km = point(parts[0]), decimal(parts[1])
    return None if centre is None or radius_km is None else (centre, radius_km)


def reference(triple: str) -> tuple[str, str, datetime] | None:
    """`sender,identifier,sent`; None if it is not of this form."""
    parts = triple.split(",")
    if len(parts) != _PARTS_OF_REFERENCE or not parts[0] or not parts[1]:
        return None
    sent = moment(parts[2])
    return None if sent is None else (parts[0], parts[1], sent)


def references(alert: ET.Element) -> list[tuple[str, str, datetime]]:
    """Those references that are of the right form."""
    known = (reference(triple) for triple in text(alert, "references").split())
    return [triple for triple in known if triple is not None]
