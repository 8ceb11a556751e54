"""Areas of `$filter`: polygons in WKT, as PostgreSQL reads them without PostGIS."""

import re

from rencheng.store.sensorthings.refused import NotSupported, QueryRefused

CORNERS_MIN, CORNERS_MAX = 4, 1_000
"""Corners of a polygon, the first one counted twice. Proposal for the upper bound."""

_POLYGON = re.compile(r"\s*(?:SRID=4326;)?\s*polygon\s*z?\s*\(\(([^()]*)\)\)\s*", re.IGNORECASE)
_NUMBER = r"[+-]?\d{1,4}(?:\.\d{1,20})?"
_CORNER = re.compile(rf"\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER})?\s*")


def corners_of(text: str) -> str:
    """Return a polygon in WKT as PostgreSQL writes polygons.

    Raises:
        NotSupported: it is another geometry, or a polygon with holes.
    """
    found = _POLYGON.fullmatch(text)
    if found is None:
        raise NotSupported("`$filter`: an area must be one POLYGON((longitude latitude, …)) without holes.")
    corners = [_CORNER.fullmatch(each) for each in found[1].split(",")]
    if not all(corners) or not CORNERS_MIN <= len(corners) <= CORNERS_MAX:
        raise QueryRefused(
            f"`$filter`: a polygon has from {CORNERS_MIN} to {CORNERS_MAX} corners, the last equal to the first."
        )
    return ",".join(f"({each[1]},{each[2]})" for each in corners if each)
