"""Show a stored meter value with its measurand, phase, location and context."""

from typing import Any

from rencheng.domain.meter import sampled_value


def with_qualifiers(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the parts of its stored name; a row that is no meter value is returned as it is."""
    if "measurand" not in row:
        return row
    return row | sampled_value(row["measurand"])._asdict()
