"""An Atom feed (RFC 4287) of CAP messages: an entry for each, with the parts of it by which readers sort and filter.

Pure. What an entry says of its message is taken from the CAP document that it links to, so that the two cannot differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET  # reads only what we wrote ourselves

ATOM = "http://www.w3.org/2005/Atom"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
CAP_TYPE = "application/cap+xml"

Language = Literal["zh", "en"]

_OF_ALERT = ("identifier", "sender", "sent", "status", "msgType", "scope")
_OF_INFO = (
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "effective",
    "expires",
    "senderName",
)
_OF_AREA = ("areaDesc", "polygon", "circle", "geocode")

ET.register_namespace("", ATOM)
ET.register_namespace("cap", CAP)

_NOTHING_SAID = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the feed is: `url` as people outside reach the API, `path` with the question that was asked."""

    url: str
    path: str
    next_path: str | None = None


def build(rows: Sequence[Mapping[Any, Any]], place: Place, language: Language) -> str:
    """The feed."""
    feed = ET.Element(_atom("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": _tag(language)})
    _add(feed, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, place.url + '/v1/feed.atom')}")
    _add(feed, "title", {"zh": "韧城积水预警", "en": "Rencheng ponding warnings"}[language])
    _add(feed, "updated", newest(rows).isoformat())
    _add(_add(feed, "author"), "name", "Rencheng 韧城")
    _add(feed, "link", rel="self", type="application/atom+xml", href=place.url + place.path)
    if place.next_path:  # RFC 5005
        _add(feed, "link", rel="next", type="application/atom+xml", href=place.url + place.next_path)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{place.url}/")
    for row in rows:
        _add_entry(feed, row, place, language)
    ET.indent(feed)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def newest(rows: Sequence[Mapping[Any, Any]]) -> datetime:
    """When the feed changed last."""
    return max((row["recorded_at"] for row in rows), default=_NOTHING_SAID)


def _add_entry(feed: ET.Element, row: Mapping[Any, Any], place: Place, language: Language) -> None:
    alert = ET.fromstring(row["cap_xml"])  # noqa: S314 - our own document, from our own table
    info = _info(alert, language)
    entry = _add(feed, "entry")
    warning = quote(row["warning_id"], safe="")
    name = ",".join((alert.findtext(_cap("sender"), ""), row["identifier"]))  # what is unique in the world
    _add(entry, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, name)}")
    _add(entry, "title", info.findtext(_cap("headline")) or row["identifier"])
    _add(entry, "updated", row["recorded_at"].isoformat())
    _add(entry, "published", row["recorded_at"].isoformat())
    _add(_add(entry, "author"), "name", info.findtext(_cap("senderName")) or "Rencheng 韧城")
    _add(entry, "summary", info.findtext(_cap("description")) or "")
    cap = f"{place.url}/v1/warnings/{warning}/events/{row['sequence']}/cap"
    _add(entry, "link", rel="alternate", type=CAP_TYPE, href=cap)
    _add(entry, "link", rel="alternate", type="text/html", href=f"{place.url}/warnings/{warning}")
    entry.extend(_cap_parts(alert, info))


def _cap_parts(alert: ET.Element, info: ET.Element) -> Iterator[ET.Element]:
    """What national feeds repeat of a message."""
    area = info.find(_cap("area"))
    for parent, names in ((alert, _OF_ALERT), (info, _OF_INFO), (area, _OF_AREA)):
        for name in names:
            yield from () if parent is None else parent.findall(_cap(name))


def _info(alert: ET.Element, language: Language) -> ET.Element:
    """The message in one language, or in the first that there is."""
    infos = alert.findall(_cap("info"))
    spoken = [info for info in infos if info.findtext(_cap("language"), "").startswith(language)]
    return next(iter(spoken or infos), alert)


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, _atom(tag), attributes)
    element.text = text
    return element


def _atom(tag: str) -> str:
    return f"{{{ATOM}}}{tag}"


def _cap(tag: str) -> str:
    return f"{{{CAP}}}{tag}"


def _tag(language: Language) -> str:
    return {"zh": "zh-CN", "en": "en-US"}[language]
