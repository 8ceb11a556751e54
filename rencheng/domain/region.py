"""Regions: six-digit GB/T 2260 codes, in which trailing zeros stand for everything below.

370000 is Shandong, 370100 is Jinan, 370102 is Lixia in Jinan.
"""

_PAIR = 2

PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
"""The first two digits of all codes. Source: GB/T 2260, provinces, municipalities and special regions."""


def has_province(code: str) -> bool:
    """Return whether a code lies in a province. Slips such as 000000 or 999999 do not."""
    return code[:_PAIR] in PROVINCES


def code_prefix(code: str) -> str:
    """Return the digits that all codes below a code begin with: `37` of a province, `3701` of a city."""
    while len(code) > _PAIR and code.endswith("00"):
        code = code[:-_PAIR]
    return code


def code_includes(code: str, region: str) -> bool:
    """Return whether a code includes a region. A province or a city includes itself and all of its districts."""
    return region.startswith(code_prefix(code))
