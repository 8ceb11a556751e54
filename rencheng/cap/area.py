"""The area of a site as rings and circles of degrees on WGS-84."""

import itertools
import math
from collections.abc import Sequence

Point = tuple[float, float]
"""Latitude, longitude, in degrees: CAP's order."""

RING_SIDES = 16
"""A regular polygon of 16 sides covers 97 % of its circle, in a text that a person can still read."""

RADIUS_MIN_M = 10.0
"""CAP's area is where people are to be told. Smaller than the error of a surveyed gauge by GPS, it would miss them."""

RING_POINTS_MIN = 3

DECIMALS = 6
"""A tenth of a metre."""

_EQUATOR_M = 6378137.0
_FLATTENING = 1 / 298.257223563
"""Both: WGS 84, EPSG ellipsoid 7030."""


def radius_m(asked_m: float) -> float:
    """The radius that a message states: never nothing."""
    return max(asked_m, RADIUS_MIN_M)


def degree_lengths_m(latitude: float) -> Point:
    """How long a degree is here, northwards and eastwards, by the ellipsoid's two radii of curvature."""
    eccentricity_2 = _FLATTENING * (2 - _FLATTENING)
    bend = 1 - eccentricity_2 * math.sin(math.radians(latitude)) ** 2
    north = _EQUATOR_M * (1 - eccentricity_2) / bend**1.5
    east = _EQUATOR_M / math.sqrt(bend) * math.cos(math.radians(latitude))
    return math.radians(north), math.radians(east)


def ring(centre: Point, around_m: float) -> list[Point]:
    """The corners of the polygon on a circle, from north over west, the first repeated at the end.

    Degrees are taken as equally long over the whole circle; at 10 km that is wrong by less than 0.2 %.
    """
    latitude, longitude = centre
    north_m, east_m = degree_lengths_m(latitude)
    turns = [2 * math.pi * side / RING_SIDES for side in range(RING_SIDES)]
    corners = [
        (latitude + around_m * math.cos(turn) / north_m, longitude - around_m * math.sin(turn) / east_m)
        for turn in turns
    ]
    rounded = [(round(north, DECIMALS), round(east, DECIMALS)) for north, east in corners]
    return [*rounded, rounded[0]]


def outline(corners: Sequence[Point]) -> list[Point]:
    """A drawn area as a closed ring; empty if none was drawn, or if of the ring nobody could say what is inside."""
    rounded = [(round(north, DECIMALS), round(east, DECIMALS)) for north, east in corners]
    points = [point for point, _ in itertools.groupby(rounded)]
    if points and points[0] == points[-1]:
        points.pop()
    if len(points) < RING_POINTS_MIN or crosses_itself([*points, points[0]]):
        return []
    return [*points, points[0]]


def crosses_itself(points: list[Point]) -> bool:
    """Whether two sides of a closed ring meet anywhere but at their common corner."""
    corners = [point for point, _ in itertools.groupby(points)]
    sides = list(itertools.pairwise(corners))
    last = len(sides) - 1
    return any(
        _meet(*sides[first], *sides[second])
        for first, second in itertools.combinations(range(len(sides)), 2)
        if second - first > 1 and (first, second) != (0, last)
    )


def _turn(start: Point, middle: Point, end: Point) -> float:
    """Above 0 for one way round, below 0 for the other, 0 on a line."""
    return (middle[0] - start[0]) * (end[1] - start[1]) - (middle[1] - start[1]) * (end[0] - start[0])


def _within(start: Point, end: Point, point: Point) -> bool:
    """Whether a point on the line of a side lies on the side."""
    return all(min(a, b) <= c <= max(a, b) for a, b, c in zip(start, end, point, strict=True))


def _meet(start: Point, end: Point, other_start: Point, other_end: Point) -> bool:
    """Whether two sides have a point in common."""
    here = _turn(start, end, other_start), _turn(start, end, other_end)
    there = _turn(other_start, other_end, start), _turn(other_start, other_end, end)
    if here[0] * here[1] < 0 and there[0] * there[1] < 0:
        return True
    return any(
        turn == 0 and _within(*side, point)
        for turn, side, point in (
            (here[0], (start, end), other_start),
            (here[1], (start, end), other_end),
            (there[0], (other_start, other_end), start),
            (there[1], (other_start, other_end), end),
        )
    )
