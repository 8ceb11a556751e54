"""Rules about each area: a shape that closes, in CAP's order of coordinates. Source: domain reference 2.1 to 2.3."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import parse
from rencheng.cap.area import Point, crosses_itself

_CORNERS_MIN = 4
"""A triangle, and its first corner again."""

_CORNERS_MAX = 500
"""More than the outline of a district needs at the accuracy of a warning (a proposal)."""

_CHINA = ((2.0, 72.0), (55.0, 137.0))
"""South-west and north-east of all Chinese land and islands (3.9 to 53.6 north, 73.5 to 135.1 east), and a degree
around. No latitude in it is one of its longitudes, so two that were swapped are always found."""

_NATIONAL_CODE = "GB/T 2260"


def area_has_a_shape(alert: Element) -> Iterator[str]:
    """A name alone cannot be drawn or compared."""
    for where, area in parse.areas(alert):
        if not any(parse.children(area, name) for name in ("polygon", "circle", "geocode")):
            yield f"{where} has no polygon, circle or geocode: add one, best a polygon"


def polygon_is_points(alert: Element) -> Iterator[str]:
    """The schema takes any text."""
    for where, form in _forms(alert, "polygon"):
        corners = parse.polygon(form)
        if corners is None or len(corners) < _CORNERS_MIN:
            yield f"{where}: polygon is not four or more points parted by spaces: write `36.1,117.0 36.2,117.0 …`"


def polygon_is_not_endless(alert: Element) -> Iterator[str]:
    """Whether a ring crosses itself takes the square of its corners; nobody may stop us with one message."""
    for where, corners in _polygons(alert):
        if len(corners) > _CORNERS_MAX:
            yield f"{where}: polygon has {len(corners)} corners: simplify it to at most {_CORNERS_MAX}"


def polygon_is_closed(alert: Element) -> Iterator[str]:
    """The last point is the first."""
    for where, corners in _polygons(alert):
        if corners[0] != corners[-1]:
            yield f"{where}: polygon is not closed: repeat the first point at the end"


def polygon_does_not_cross_itself(alert: Element) -> Iterator[str]:
    """Of a crossed ring nobody can say what is inside."""
    for where, corners in _polygons(alert):
        if len(corners) <= _CORNERS_MAX and corners[0] == corners[-1] and crosses_itself(corners):
            yield f"{where}: polygon crosses itself: list the corners in the order in which one walks round"


def circle_is_centre_and_radius(alert: Element) -> Iterator[str]:
    """The schema takes any text."""
    for where, form in _forms(alert, "circle"):
        if parse.circle(form) is None:
            yield f"{where}: circle {form!r} is not of the form lat,lon radius: write `36.1,117.0 0.2`, in kilometres"


def radius_is_not_negative(alert: Element) -> Iterator[str]:
    """The schema takes any number."""
    for where, (_, radius_km) in _circles(alert):
        if radius_km < 0:
            yield f"{where}: the radius of the circle is {radius_km} km: give it as a positive number"


def points_are_on_earth(alert: Element) -> Iterator[str]:
    """The usual cause is longitude before latitude."""
    for where, (latitude, longitude) in _points(alert):
        if not _on_earth((latitude, longitude)):
            yield f"{where}: {latitude},{longitude} is nowhere: write the latitude first, then the longitude"


def points_are_where_the_code_says(alert: Element) -> Iterator[str]:
    """West of 90 degrees east a swapped point is still on the earth, but no longer in China."""
    (south, west), (north, east) = _CHINA
    for where, area in parse.areas(alert):
        if not any(name == _NATIONAL_CODE for name, _ in parse.pairs(area, "geocode")):
            continue
        for latitude, longitude in _points_of(area):
            inside = south <= latitude <= north and west <= longitude <= east
            if _on_earth((latitude, longitude)) and not inside:
                yield f"{where}: {latitude},{longitude} is not in China, its code is: write the latitude first"


def ceiling_needs_altitude(alert: Element) -> Iterator[str]:
    """A ceiling is the top of a range that begins at the altitude."""
    for where, area in parse.areas(alert):
        if parse.children(area, "ceiling") and not parse.children(area, "altitude"):
            yield f"{where} has a ceiling without an altitude: add the altitude or remove the ceiling"


def ceiling_is_above_altitude(alert: Element) -> Iterator[str]:
    """A range has its lower end below."""
    for where, area in parse.areas(alert):
        low, high = (parse.decimal(parse.text(area, name)) for name in ("altitude", "ceiling"))
        if low is not None and high is not None and high < low:
            yield f"{where}: the ceiling lies below the altitude: exchange the two"


def _on_earth(point: Point) -> bool:
    """Within the ranges of latitude and longitude."""
    return abs(point[0]) <= 90 and abs(point[1]) <= 180  # noqa: PLR2004 - degrees


def _forms(alert: Element, name: str) -> Iterator[tuple[str, str]]:
    """The shapes of all areas, as written."""
    for where, area in parse.areas(alert):
        for form in parse.texts(area, name):
            yield where, form


def _polygons(alert: Element) -> Iterator[tuple[str, list[Point]]]:
    """The polygons that can be read."""
    for where, form in _forms(alert, "polygon"):
        corners = parse.polygon(form)
        if corners is not None and len(corners) >= _CORNERS_MIN:
            yield where, corners


def _circles(alert: Element) -> Iterator[tuple[str, tuple[Point, float]]]:
    """The circles that can be read."""
    for where, form in _forms(alert, "circle"):
        circle = parse.circle(form)
        if circle is not None:
            yield where, circle


def _points_of(area: Element) -> Iterator[Point]:
    """Every corner and centre of an area."""
    for form in parse.texts(area, "polygon"):
        yield from parse.polygon(form) or []
    for form in parse.texts(area, "circle"):
        circle = parse.circle(form)
        if circle is not None:
            yield circle[0]


def _points(alert: Element) -> Iterator[tuple[str, Point]]:
    """Every corner and centre of all areas."""
    for where, area in parse.areas(alert):
        for point in _points_of(area):
            yield where, point
