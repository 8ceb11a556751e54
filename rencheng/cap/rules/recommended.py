"""What makes a valid message a good one. Source: recommendations of the Google profile, domain reference 2.3."""

from collections.abc import Iterator
from datetime import timedelta
from xml.etree.ElementTree import Element

from rencheng.cap import parse

_HEADLINE_CHARS_MAX = 140
_RADIUS_KM_MAX = 50.0
"""A ponding place is some hundred metres wide; a radius above 50 km has been given in metres (a proposal)."""

_WELCOME = {
    "senderName": "name the office, so that people know who speaks",
    "responseType": "say what kind of action is asked for",
    "instruction": "say what to do",
    "contact": "say whom to ask",
}


def says_all_that_is_welcome(alert: Element) -> Iterator[str]:
    """Not required, always useful."""
    for where, info in parse.infos(alert):
        for name, remedy in _WELCOME.items():
            if not any(parse.texts(info, name)):
                yield f"{where}: {name} is missing: {remedy}"


def headline_is_short(alert: Element) -> Iterator[str]:
    """Small screens and text messages cut it off."""
    for where, info in parse.infos(alert):
        length = len(parse.text(info, "headline"))
        if length > _HEADLINE_CHARS_MAX:
            yield f"{where}: headline has {length} characters: keep it to {_HEADLINE_CHARS_MAX}"


def description_says_more_than_headline(alert: Element) -> Iterator[str]:
    """Repeating it wastes the reader's time."""
    yield from _same(alert, "headline", "add what was measured")


def description_is_not_instruction(alert: Element) -> Iterator[str]:
    """One says what is, the other what to do."""
    yield from _same(alert, "instruction", "keep what has happened and what to do apart")


def _same(alert: Element, name: str, remedy: str) -> Iterator[str]:
    """Each info whose description is another of its texts."""
    for where, info in parse.infos(alert):
        description = parse.text(info, "description")
        if description and description == parse.text(info, name):
            yield f"{where}: description is the {name} again: {remedy}"


def nothing_is_unknown(alert: Element) -> Iterator[str]:
    """Receivers filter by these three."""
    for where, info in parse.infos(alert):
        for name in ("urgency", "severity", "certainty"):
            if parse.text(info, name) == "Unknown":
                yield f"{where}: {name} is Unknown: decide, since receivers filter by it"


def area_has_more_than_a_code(alert: Element) -> Iterator[str]:
    """A code means its whole district."""
    for where, area in parse.areas(alert):
        if not parse.children(area, "polygon") and not parse.children(area, "circle"):
            yield f"{where} has neither polygon nor circle: draw where people are to be told"


def circle_has_an_extent(alert: Element) -> Iterator[str]:
    """An area is where people are to be told, and nobody is in a point."""
    for where, radius_km in _radii_km(alert):
        if radius_km == 0:
            yield f"{where}: the circle has no radius: give the area of those to be told"


def circle_is_in_kilometres(alert: Element) -> Iterator[str]:
    """The national form counts in metres, CAP in kilometres."""
    for where, radius_km in _radii_km(alert):
        if radius_km > _RADIUS_KM_MAX:
            yield f"{where}: the radius is {radius_km} km: CAP counts in kilometres, not in metres"


def _radii_km(alert: Element) -> Iterator[tuple[str, float]]:
    """The radii of all circles that can be read."""
    for where, area in parse.areas(alert):
        for form in parse.texts(area, "circle"):
            circle = parse.circle(form)
            if circle is not None:
                yield where, circle[1]


def geocode_is_not_empty(alert: Element) -> Iterator[str]:
    """Half a code finds nothing."""
    for where, area in parse.areas(alert):
        for name, value in parse.pairs(area, "geocode"):
            if not name or not value:
                yield f"{where}: a geocode lacks its name or its value: give both, or remove it"


def times_are_local(alert: Element) -> Iterator[str]:
    """A time at offset 0 is mostly one that nobody converted."""
    stamps = [("sent", parse.text(alert, "sent"))]
    for where, info in parse.infos(alert):
        stamps += [(f"{where}: {name}", parse.text(info, name)) for name in ("effective", "onset", "expires")]
    for where, stamp in stamps:
        moment = parse.moment(stamp)
        if moment is not None and moment.utcoffset() == timedelta(0):
            yield f"{where} is in UTC: write the local time with its offset, such as +08:00"


def status_is_not_test(alert: Element) -> Iterator[str]:
    """Publishing systems drop tests; an exercise reaches people as an exercise."""
    if parse.text(alert, "status") == "Test":
        yield "status is Test, which no receiver shows: use Exercise for drills and replays"


def events_agree(alert: Element) -> Iterator[str]:
    """Two infos of one language are about one event."""
    events: dict[str, str] = {}
    for where, info in parse.infos(alert):
        event = parse.text(info, "event")
        if events.setdefault(parse.text(info, "language"), event) != event:
            yield f"{where}: event differs from that of an earlier info in the same language: use one word for it"
