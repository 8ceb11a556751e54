"""CAP's `references`: the earlier messages that a message updates or cancels, as `sender,identifier,sent`."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element

from rencheng.cap.xml import parse_time, text
from rencheng.text.formatting import stamp

_PARTS = 3


class Reference(NamedTuple):
    """One earlier message. A part that is missing is empty; `sent` is None if it is not a CAP time."""

    written: str
    sender: str
    identifier: str
    sent: datetime | None

    @property
    def is_complete(self) -> bool:
        """Return whether all three parts are given, as CAP 1.2 requires."""
        return bool(self.sender and self.identifier and self.sent)


def references_of(alert: Element) -> list[Reference]:
    """Return the references of a CAP document."""
    return parse_references(text(alert, "references"))


def parse_references(listed: str) -> list[Reference]:
    """Parse the text of `references`. The national form of rain signals lists identifiers alone."""
    return [_parse(written) for written in listed.split()]


def _parse(written: str) -> Reference:
    parts = written.split(",")
    if len(parts) == 1:
        return Reference(written, "", written, None)
    sent = parse_time(parts[2]) if len(parts) == _PARTS else None
    return Reference(written, parts[0], parts[1], sent)


def write_references(sender: str, earlier: Iterable[tuple[str, datetime]]) -> str:
    """Return the earlier messages of one sender in CAP's form."""
    return " ".join(f"{sender},{identifier},{stamp(sent)}" for identifier, sent in earlier)
