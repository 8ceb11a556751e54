"""A grid of degrees, and the cells of a site on it."""

from math import floor
from typing import NamedTuple

from rencheng.domain.site import Point, Site


class Grid(NamedTuple):
    """A grid: its southern and western edge, the side of a cell (degrees), and how many columns and rows it has."""

    south: float
    west: float
    step_deg: float
    columns: int
    rows: int

    def place(self, latitude: float, longitude: float) -> int | None:
        """Return the number of the cell at a point, row by row from the south; None if the point lies outside."""
        row, column = floor((latitude - self.south) / self.step_deg), floor((longitude - self.west) / self.step_deg)
        is_inside = 0 <= row < self.rows and 0 <= column < self.columns
        return row * self.columns + column if is_inside else None


def sampled(grid: Grid, site: Site) -> list[int]:
    """Return the cells of a site: those whose centres lie in its area, or that of its lowest point; none if outside."""
    found: list[int] = []
    if site.polygon:
        latitudes, longitudes = zip(*site.polygon, strict=True)
        for row in _between(min(latitudes), max(latitudes), grid.south, grid.step_deg, grid.rows):
            for column in _between(min(longitudes), max(longitudes), grid.west, grid.step_deg, grid.columns):
                centre = grid.south + (row + 0.5) * grid.step_deg, grid.west + (column + 0.5) * grid.step_deg
                if includes(site.polygon, centre):
                    found.append(row * grid.columns + column)
    if found:
        return found
    place = grid.place(site.latitude, site.longitude)
    return [] if place is None else [place]


def includes(polygon: tuple[Point, ...], point: Point) -> bool:
    """Return whether a point lies in a polygon: a line to the north crosses its outline an odd number of times."""
    latitude, longitude = point
    is_inside = False
    before_latitude, before_longitude = polygon[-1]
    for corner_latitude, corner_longitude in polygon:
        if (corner_longitude > longitude) != (before_longitude > longitude):
            share = (longitude - corner_longitude) / (before_longitude - corner_longitude)
            if latitude < corner_latitude + share * (before_latitude - corner_latitude):
                is_inside = not is_inside
        before_latitude, before_longitude = corner_latitude, corner_longitude
    return is_inside


def _between(least: float, greatest: float, edge: float, step: float, count: int) -> range:
    return range(max(0, floor((least - edge) / step)), min(count, floor((greatest - edge) / step) + 1))
