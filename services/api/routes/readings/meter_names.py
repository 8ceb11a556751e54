"""Show stored meter values with their measurand, phase, location and context."""

from collections.abc import Iterable
from typing import Any

from rencheng.domain.meter import sampled_value


def name_qualifiers(items: Iterable[dict[str, Any]]) -> None:
    """Put the parts of the stored name into items that are meter values."""
    for item in items:
        if "measurand" in item:
            item.update(sampled_value(item["measurand"])._asdict())
