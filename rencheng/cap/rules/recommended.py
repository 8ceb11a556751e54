"""Recommendations for a valid message. Source: the Google profile, domain reference 2.3."""

from collections.abc import Iterator
from datetime import timedelta
from xml.etree.ElementTree import Element

from rencheng.cap import xml

_HEADLINE_CHARS_MAX = 140
_RADIUS_KM_MAX = 50.0
"""A ponding site is some 100 m wide, so a radius above 50 km is probably in metres. Source: a proposal."""

_OPTIONAL = {
    "senderName": "name the office that issues the warning",
    "responseType": "say which kind of action to take",
    "instruction": "say what to do",
    "contact": "give a telephone number or a mail address",
}


def optional_elements_are_present(alert: Element) -> Iterator[str]:
    """Recommend the elements that CAP does not require."""
    for where, info in xml.infos(alert):
        for name, remedy in _OPTIONAL.items():
            if not any(xml.texts(info, name)):
                yield f"{where}: {name} is missing: {remedy}"


def headline_is_short(alert: Element) -> Iterator[str]:
    """Recommend a short headline, because small screens and text messages truncate it."""
    for where, info in xml.infos(alert):
        length = len(xml.text(info, "headline"))
        if length > _HEADLINE_CHARS_MAX:
            yield f"{where}: headline has {length} characters: keep it to {_HEADLINE_CHARS_MAX}"


def description_differs_from_headline(alert: Element) -> Iterator[str]:
    """Recommend a description that adds to the headline."""
    yield from _same(alert, "headline", "add what was measured")


def description_differs_from_instruction(alert: Element) -> Iterator[str]:
    """Recommend a description of the event, apart from the instruction."""
    yield from _same(alert, "instruction", "describe the event here, and the action in the instruction")


def _same(alert: Element, name: str, remedy: str) -> Iterator[str]:
    """Yield a finding for each info whose description repeats another of its texts."""
    for where, info in xml.infos(alert):
        description = xml.text(info, "description")
        if description and description == xml.text(info, name):
            yield f"{where}: description repeats the {name}: {remedy}"


def urgency_severity_certainty_are_known(alert: Element) -> Iterator[str]:
    """Recommend known values, because receivers filter by these three."""
    for where, info in xml.infos(alert):
        for name in ("urgency", "severity", "certainty"):
            if xml.text(info, name) == "Unknown":
                yield f"{where}: {name} is Unknown: decide, since receivers filter by it"


def area_has_polygon_or_circle(alert: Element) -> Iterator[str]:
    """Recommend a shape, because a code means its whole district."""
    for where, area in xml.areas(alert):
        if not xml.children(area, "polygon") and not xml.children(area, "circle"):
            yield f"{where} has neither polygon nor circle: draw the area of the people to warn"


def circle_has_radius(alert: Element) -> Iterator[str]:
    """Recommend a radius above 0, because a point contains no people."""
    for where, radius_km in _radii_km(alert):
        if radius_km == 0:
            yield f"{where}: the circle has no radius: give the area of the people to warn"


def radius_is_in_kilometres(alert: Element) -> Iterator[str]:
    """Recommend kilometres, because the national form of warnings uses metres."""
    for where, radius_km in _radii_km(alert):
        if radius_km > _RADIUS_KM_MAX:
            yield f"{where}: the radius is {radius_km} km: CAP uses kilometres, not metres"


def _radii_km(alert: Element) -> Iterator[tuple[str, float]]:
    """Yield the radii of the circles that have a point and a radius."""
    for where, area in xml.areas(alert):
        for form in xml.texts(area, "circle"):
            circle = xml.parse_circle(form)
            if circle is not None:
                yield where, circle[1]


def geocode_is_complete(alert: Element) -> Iterator[str]:
    """Recommend a geocode with both name and value."""
    for where, area in xml.areas(alert):
        for name, value in xml.pairs(area, "geocode"):
            if not name or not value:
                yield f"{where}: a geocode lacks its name or its value: give both, or remove it"


def times_have_local_offset(alert: Element) -> Iterator[str]:
    """Recommend local time, because a time at offset 0 was most often not converted."""
    stamps = [("sent", xml.text(alert, "sent"))]
    for where, info in xml.infos(alert):
        stamps += [(f"{where}: {name}", xml.text(info, name)) for name in ("effective", "onset", "expires")]
    for where, stamp in stamps:
        moment = xml.parse_time(stamp)
        if moment is not None and moment.utcoffset() == timedelta(0):
            yield f"{where} is in UTC: write the local time with its offset, such as +08:00"


def status_is_not_test(alert: Element) -> Iterator[str]:
    """Recommend Exercise in place of Test, because publishing systems drop tests."""
    if xml.text(alert, "status") == "Test":
        yield "status is Test, which receivers do not show: use Exercise for drills and replays"


def events_agree_per_language(alert: Element) -> Iterator[str]:
    """Recommend one event name in all infos of a language."""
    events: dict[str, str] = {}
    for where, info in xml.infos(alert):
        event = xml.text(info, "event")
        if events.setdefault(xml.text(info, "language"), event) != event:
            yield f"{where}: event differs from that of an earlier info in the same language: use one name for it"
