"""The area of a site as a ring or a circle in degrees on WGS-84. Points are latitude, longitude: CAP's order."""

import itertools
import math
from collections.abc import Sequence

from rencheng.domain.site import Point

RING_SIDES = 16
"""A regular polygon of 16 sides covers 97 % of its circle, and its text is still readable."""

RADIUS_MIN_M = 10.0
"""A smaller area than the GPS error of a surveyed gauge could miss the people to warn."""

RING_POINTS_MIN = 3

DECIMALS = 6
"""About 0.1 m."""

_EQUATOR_M = 6378137.0
_FLATTENING = 1 / 298.257223563
"""Source of both: WGS 84, EPSG ellipsoid 7030."""


def stated_radius_m(radius_m: float) -> float:
    """Return the radius that a message states: at least `RADIUS_MIN_M`."""
    return max(radius_m, RADIUS_MIN_M)


def degree_lengths_m(latitude: float) -> Point:
    """Return the lengths of a degree northwards and eastwards, from the ellipsoid's two radii of curvature."""
    eccentricity_2 = _FLATTENING * (2 - _FLATTENING)
    flattening_term = 1 - eccentricity_2 * math.sin(math.radians(latitude)) ** 2
    north = _EQUATOR_M * (1 - eccentricity_2) / flattening_term**1.5
    east = _EQUATOR_M / math.sqrt(flattening_term) * math.cos(math.radians(latitude))
    return math.radians(north), math.radians(east)


def ring(centre: Point, radius_m: float) -> list[Point]:
    """Return the corners of the polygon on a circle, from north over west, with the first repeated at the end.

    The length of a degree is that at the centre; at a radius of 10 km the error is below 0.2 %.
    """
    latitude, longitude = centre
    north_m, east_m = degree_lengths_m(latitude)
    angles = [2 * math.pi * side / RING_SIDES for side in range(RING_SIDES)]
    corners = [
        (latitude + radius_m * math.cos(angle) / north_m, longitude - radius_m * math.sin(angle) / east_m)
        for angle in angles
    ]
    rounded = [(round(north, DECIMALS), round(east, DECIMALS)) for north, east in corners]
    return [*rounded, rounded[0]]


def closed_outline(corners: Sequence[Point]) -> list[Point]:
    """Return a drawn area as a closed ring; empty if it has fewer than three corners or crosses itself."""
    rounded = [(round(north, DECIMALS), round(east, DECIMALS)) for north, east in corners]
    points = [point for point, _ in itertools.groupby(rounded)]
    if points and points[0] == points[-1]:
        points.pop()
    if len(points) < RING_POINTS_MIN or crosses_itself([*points, points[0]]):
        return []
    return [*points, points[0]]


def crosses_itself(points: list[Point]) -> bool:
    """Return whether two sides of a closed ring meet anywhere except at their common corner."""
    corners = [point for point, _ in itertools.groupby(points)]
    sides = list(itertools.pairwise(corners))
    last = len(sides) - 1
    return any(
        _meet(*sides[first], *sides[second])
        for first, second in itertools.combinations(range(len(sides)), 2)
        if second - first > 1 and (first, second) != (0, last)
    )


def _orientation(start: Point, middle: Point, end: Point) -> float:
    """Return a number above 0 for one sense of rotation, below 0 for the other, and 0 for points on a line."""
    return (middle[0] - start[0]) * (end[1] - start[1]) - (middle[1] - start[1]) * (end[0] - start[0])


def _is_on_side(start: Point, end: Point, point: Point) -> bool:
    """Return whether a point on the line of a side is on the side itself."""
    return all(min(a, b) <= c <= max(a, b) for a, b, c in zip(start, end, point, strict=True))


def _meet(start: Point, end: Point, other_start: Point, other_end: Point) -> bool:
    """Return whether two sides have a common point."""
    first = _orientation(start, end, other_start), _orientation(start, end, other_end)
    second = _orientation(other_start, other_end, start), _orientation(other_start, other_end, end)
    if first[0] * first[1] < 0 and second[0] * second[1] < 0:
        return True
    return any(
        orientation == 0 and _is_on_side(*side, point)
        for orientation, side, point in (
            (first[0], (start, end), other_start),
            (first[1], (start, end), other_end),
            (second[0], (other_start, other_end), start),
            (second[1], (other_start, other_end), end),
        )
    )
