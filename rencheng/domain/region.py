"""Regions: six-digit GB/T 2260 codes, in which trailing zeros stand for everything below.

370000 is Shandong, 370100 is Jinan, 370102 is Lixia in Jinan.
"""

_PAIR = 2


def code_prefix(code: str) -> str:
    """Return the digits that all codes below a code begin with: `37` of a province, `3701` of a city."""
    while len(code) > _PAIR and code.endswith("00"):
        code = code[:-_PAIR]
    return code


def code_includes(code: str, region: str) -> bool:
    """Return whether a code includes a region. A province or a city includes itself and all of its districts."""
    return region.startswith(code_prefix(code))
