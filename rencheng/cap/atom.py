"""An Atom feed (RFC 4287) of CAP messages, with the CAP elements by which readers sort and filter.

Each entry is made from the CAP document that it links to, so that the two agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET  # writes only

from rencheng.cap.xml import CAP_MEDIA_TYPE, CAP_NAMESPACE, cap_tag, children, parse, text

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
ATOM_MEDIA_TYPE = "application/atom+xml"

Language = Literal["zh", "en"]

_ALERT_ELEMENTS = ("identifier", "sender", "sent", "status", "msgType", "scope")
_INFO_ELEMENTS = (
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
_AREA_ELEMENTS = ("areaDesc", "polygon", "circle", "geocode")

ET.register_namespace("", ATOM_NAMESPACE)
ET.register_namespace("cap", CAP_NAMESPACE)

_EMPTY_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en-US"}
_TITLES = {"zh": "韧城积水预警", "en": "Rencheng ponding warnings"}
DOUBT_TITLES = {"zh": "韧城待核实读数（非预警）", "en": "Rencheng doubtful readings (no warnings)"}
_AUTHOR = "Rencheng 韧城"


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """The address of the feed.

    Attributes:
        url: the public address of the API.
        path: the path of this page, with its query.
        next_path: the path of the next page; None on the last one.
        feed: the path of the feed without a query, which identifies it.
        titles: its title in each language.
    """

    url: str
    path: str
    next_path: str | None = None
    feed: str = "/v1/feed.atom"
    titles: Mapping[str, str] = field(default_factory=lambda: _TITLES)


def render_feed(rows: Sequence[Mapping[Any, Any]], address: FeedAddress, language: Language) -> str:
    """Return the feed as an XML document.

    Args:
        rows: each with `identifier`, `recorded_at`, `cap_xml`, `cap` (the path of the document) and `page`.
        address: of the feed.
        language: of titles and summaries.
    """
    feed = ET.Element(_atom_tag("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": _LANGUAGE_TAGS[language]})
    _add(feed, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, address.url + address.feed)}")
    _add(feed, "title", address.titles[language])
    _add(feed, "updated", last_updated(rows).isoformat())
    _add(_add(feed, "author"), "name", _AUTHOR)
    _add(feed, "link", rel="self", type=ATOM_MEDIA_TYPE, href=address.url + address.path)
    if address.next_path:  # RFC 5005
        _add(feed, "link", rel="next", type=ATOM_MEDIA_TYPE, href=address.url + address.next_path)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{address.url}/")
    for row in rows:
        _add_entry(feed, row, address, language)
    ET.indent(feed)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def last_updated(rows: Sequence[Mapping[Any, Any]]) -> datetime:
    """Return when the newest of the messages was recorded."""
    return max((row["recorded_at"] for row in rows), default=_EMPTY_SINCE)


def _add_entry(feed: ET.Element, row: Mapping[Any, Any], address: FeedAddress, language: Language) -> None:
    alert = parse(row["cap_xml"])
    info = _info(alert, language)
    entry = _add(feed, "entry")
    unique_name = f"{text(alert, 'sender')},{row['identifier']}"
    _add(entry, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, unique_name)}")
    _add(entry, "title", text(info, "headline") or row["identifier"])
    _add(entry, "updated", row["recorded_at"].isoformat())
    _add(entry, "published", row["recorded_at"].isoformat())
    _add(_add(entry, "author"), "name", text(info, "senderName") or _AUTHOR)
    _add(entry, "summary", text(info, "description"))
    _add(entry, "link", rel="alternate", type=CAP_MEDIA_TYPE, href=address.url + row["cap"])
    _add(entry, "link", rel="alternate", type="text/html", href=address.url + row["page"])
    entry.extend(_cap_elements(alert, info))


def _cap_elements(alert: ET.Element, info: ET.Element) -> Iterator[ET.Element]:
    """Yield the CAP elements that national feeds repeat in an entry."""
    area = info.find(cap_tag("area"))
    for parent, names in ((alert, _ALERT_ELEMENTS), (info, _INFO_ELEMENTS), (area, _AREA_ELEMENTS)):
        for name in names:
            yield from () if parent is None else children(parent, name)


def _info(alert: ET.Element, language: Language) -> ET.Element:
    """Return the info in one language, or the first one if there is none in it."""
    infos = children(alert, "info")
    in_language = [info for info in infos if text(info, "language").startswith(language)]
    return next(iter(in_language or infos), alert)


def _add(parent: ET.Element, name: str, content: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, _atom_tag(name), attributes)
    element.text = content
    return element


def _atom_tag(name: str) -> str:
    return f"{{{ATOM_NAMESPACE}}}{name}"
