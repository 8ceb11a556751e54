"""Reads XML from outside safely: no document types, no entities, bounded length; names without their namespaces."""

from datetime import UTC, datetime
from typing import Never
from xml.etree import ElementTree as ET  # the parser below refuses what makes XML from outside dangerous

from rencheng.domain.errors import NotPossible

CHARS_MAX = 1_000_000


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, _name: str, _pubid: str | None, _system: str | None) -> Never:
        raise NotPossible("the document has a DOCTYPE, which no warning message needs; entities can exhaust a receiver")


def root_of(xml: str) -> ET.Element:
    """The root of a document.

    Raises:
        NotPossible: too long, not well-formed, or with a document type.
    """
    if len(xml) > CHARS_MAX:
        raise NotPossible(f"the document has more than {CHARS_MAX} characters")
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - document types are refused, so no entity is ever expanded
    try:
        parser.feed(xml)
        root = parser.close()
    except (ET.ParseError, UnicodeError) as error:
        raise NotPossible(f"the document is not well-formed XML: {error}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def text(element: ET.Element, name: str) -> str:
    """The text of the first element of a name below, without the white space around; empty if there is none."""
    return (element.findtext(name) or "").strip()


def moment(written: str, name: str) -> datetime | None:
    """A time as CAP (`T`) or the national form (a space) writes it; None if it is empty.

    Raises:
        NotPossible: it is no time, or has no offset.
    """
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
        in_utc = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is None:
        raise NotPossible(f"{name} {written!r} is no time with an offset, such as 2026-07-20T16:00:00+08:00")
    return in_utc
