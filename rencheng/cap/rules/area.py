"""Rules about each area: a closed shape, with the latitude first. Source: domain reference 2.1 to 2.3."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import xml
from rencheng.cap.geometry import crosses_itself
from rencheng.domain.site import Point

_CORNERS_MIN = 4
"""A triangle, with its first corner repeated."""

_CORNERS_MAX = 500
"""More than the outline of a district needs at the accuracy of a warning. Source: a proposal."""

_CHINA = ((2.0, 72.0), (55.0, 137.0))
"""South-west and north-east corner of all Chinese land and islands (3.9 to 53.6 north, 73.5 to 135.1 east), with a
margin of about a degree. Its latitudes and longitudes do not overlap, so a swapped point is always outside."""

_NATIONAL_CODE = "GB/T 2260"


def area_has_shape_or_geocode(alert: Element) -> Iterator[str]:
    """Require a shape or a code, because receivers cannot draw or compare a name."""
    for where, area in xml.areas(alert):
        if not any(xml.children(area, name) for name in ("polygon", "circle", "geocode")):
            yield f"{where} has no polygon, circle or geocode: add one, best a polygon"


def polygon_is_list_of_points(alert: Element) -> Iterator[str]:
    """Require a list of points, because the schema accepts any text."""
    for where, form in _forms(alert, "polygon"):
        corners = xml.parse_polygon(form)
        if corners is None or len(corners) < _CORNERS_MIN:
            yield f"{where}: polygon is not four or more points separated by spaces: write `36.1,117.0 36.2,117.0 …`"


def polygon_has_at_most_500_corners(alert: Element) -> Iterator[str]:
    """Limit the corners, because the time of the crossing test grows with their square."""
    for where, corners in _polygons(alert):
        if len(corners) > _CORNERS_MAX:
            yield f"{where}: polygon has {len(corners)} corners: simplify it to at most {_CORNERS_MAX}"


def polygon_is_closed(alert: Element) -> Iterator[str]:
    """Require the first point again at the end."""
    for where, corners in _polygons(alert):
        if corners[0] != corners[-1]:
            yield f"{where}: polygon is not closed: repeat the first point at the end"


def polygon_does_not_cross_itself(alert: Element) -> Iterator[str]:
    """Reject a crossing, because the inside of a crossed ring is not defined."""
    for where, corners in _polygons(alert):
        if len(corners) <= _CORNERS_MAX and corners[0] == corners[-1] and crosses_itself(corners):
            yield f"{where}: polygon crosses itself: list the corners in order around the area"


def circle_is_point_and_radius(alert: Element) -> Iterator[str]:
    """Require a point and a radius, because the schema accepts any text."""
    for where, form in _forms(alert, "circle"):
        if xml.parse_circle(form) is None:
            yield f"{where}: circle {form!r} is not of the form lat,lon radius: write `36.1,117.0 0.2`, in kilometres"


def radius_is_not_negative(alert: Element) -> Iterator[str]:
    """Reject a negative radius, because the schema accepts any number."""
    for where, (_, radius_km) in _circles(alert):
        if radius_km < 0:
            yield f"{where}: the radius of the circle is {radius_km} km: give it as a positive number"


def coordinates_are_in_range(alert: Element) -> Iterator[str]:
    """Reject a point outside the ranges of latitude and longitude; most often the two are swapped."""
    for where, (latitude, longitude) in _points(alert):
        if not _on_earth((latitude, longitude)):
            yield f"{where}: {latitude},{longitude} is out of range: write the latitude first, then the longitude"


def coordinates_match_geocode(alert: Element) -> Iterator[str]:
    """Reject a point outside China under a Chinese code.

    A swapped point west of 90 degrees east is in range, but not in China.
    """
    (south, west), (north, east) = _CHINA
    for where, area in xml.areas(alert):
        if not any(name == _NATIONAL_CODE for name, _ in xml.pairs(area, "geocode")):
            continue
        for latitude, longitude in _points_of(area):
            inside = south <= latitude <= north and west <= longitude <= east
            if _on_earth((latitude, longitude)) and not inside:
                yield f"{where}: {latitude},{longitude} is not in China, but its code is: write the latitude first"


def ceiling_needs_altitude(alert: Element) -> Iterator[str]:
    """Require an altitude with a ceiling, because the two form a range."""
    for where, area in xml.areas(alert):
        if xml.children(area, "ceiling") and not xml.children(area, "altitude"):
            yield f"{where} has a ceiling without an altitude: add the altitude or remove the ceiling"


def ceiling_is_above_altitude(alert: Element) -> Iterator[str]:
    """Require the altitude, the lower end of the range, below the ceiling."""
    for where, area in xml.areas(alert):
        low, high = (xml.parse_decimal(xml.text(area, name)) for name in ("altitude", "ceiling"))
        if low is not None and high is not None and high < low:
            yield f"{where}: the ceiling is below the altitude: exchange the two"


def _on_earth(point: Point) -> bool:
    """Return whether a point is within the ranges of latitude and longitude."""
    return abs(point[0]) <= 90 and abs(point[1]) <= 180  # noqa: PLR2004 - degrees


def _forms(alert: Element, name: str) -> Iterator[tuple[str, str]]:
    """Yield the shapes of all areas as they are written."""
    for where, area in xml.areas(alert):
        for form in xml.texts(area, name):
            yield where, form


def _polygons(alert: Element) -> Iterator[tuple[str, list[Point]]]:
    """Yield the polygons that have enough points."""
    for where, form in _forms(alert, "polygon"):
        corners = xml.parse_polygon(form)
        if corners is not None and len(corners) >= _CORNERS_MIN:
            yield where, corners


def _circles(alert: Element) -> Iterator[tuple[str, tuple[Point, float]]]:
    """Yield the circles that have a point and a radius."""
    for where, form in _forms(alert, "circle"):
        circle = xml.parse_circle(form)
        if circle is not None:
            yield where, circle


def _points_of(area: Element) -> Iterator[Point]:
    """Yield every corner and centre of an area."""
    for form in xml.texts(area, "polygon"):
        yield from xml.parse_polygon(form) or []
    for form in xml.texts(area, "circle"):
        circle = xml.parse_circle(form)
        if circle is not None:
            yield circle[0]


def _points(alert: Element) -> Iterator[tuple[str, Point]]:
    """Yield every corner and centre of all areas."""
    for where, area in xml.areas(alert):
        for point in _points_of(area):
            yield where, point
