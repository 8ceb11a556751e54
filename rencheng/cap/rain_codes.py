"""The coded values of a rain signal: its event codes, its colour as a code, and its regions."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from rencheng.cap.rain_words_zh import COLOURS
from rencheng.domain.level import Level

RAIN_CODES = frozenset({"11B03", "OET-159"})
"""暴雨 in the national list of event codes (domain reference 1.5), and rain in the OASIS Event Terms 1.2."""

SEVERITY_COLOURS = {"Red": Level.RED, "Orange": Level.ORANGE, "Yellow": Level.YELLOW, "Blue": Level.BLUE}
"""The national form writes the colour as severity. Source: domain reference 1.5."""

_EVENT_CODE = re.compile(r"[0-9]{2}[A-Z][0-9]{2}|OET-[0-9]{3}")
_COLOUR_NAME = re.compile(r"colou?r|level|grade|alert|warning|signal|severity|颜色|等级|级别|预警", re.IGNORECASE)
_OLD_NAME = re.compile(r"prev|old|former|last|orig|before|原|前|旧|上次", re.IGNORECASE)
_COLOUR = re.compile(r"(?<![a-z])(red|orange|yellow|blue)(?![a-z])|([红橙黄蓝紅黃藍])", re.IGNORECASE)
_GRADE = re.compile(r"(IV|III|II|I|[一二三四]|[1-4](?=\s*级))\s*级?", re.IGNORECASE)
_GRADES = {
    "I": Level.RED,
    "II": Level.ORANGE,
    "III": Level.YELLOW,
    "IV": Level.BLUE,
    "一": Level.RED,
    "二": Level.ORANGE,
    "三": Level.YELLOW,
    "四": Level.BLUE,
    "1": Level.RED,
    "2": Level.ORANGE,
    "3": Level.YELLOW,
    "4": Level.BLUE,
}
"""Ⅰ级 is red. Source: domain reference 1.1. A bare digit is no grade, because other countries count upwards."""

_OTHER_CODES = re.compile(r"same|ugc|fips|nuts|emma|zip|post|iso|warncell|邮", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;、|/\s]+")
_REGION = re.compile(r"([0-9]{6})(?:[0-9]{3}|[0-9]{6}|[0-9]{8})?")
_PROVINCES = frozenset(
    f"{code}"
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for code in range(first, last + 1)
)
"""The first two digits of GB/T 2260 codes."""


def plain(element: Element, name: str) -> str:
    """Return the text of the first child of a name, stripped; empty without one."""
    return (element.findtext(name) or "").strip()


def is_rain(info: Element) -> bool | None:
    """Return whether the event codes of an info are about rain; None if it has none that is known."""
    values = [plain(code, "value") or (code.text or "").strip() for code in info.findall("eventCode")]
    values.append(plain(info, "eventType"))
    codes = {value for value in map(_nfkc, values) if _EVENT_CODE.fullmatch(value)}
    return bool(codes & RAIN_CODES) if codes else None


def coded_level(info: Element) -> Level:
    """Return the colour that an info gives as a code, of several the gravest; NONE without one."""
    levels = [SEVERITY_COLOURS.get(plain(info, "severity"), Level.NONE)]
    for kind in ("parameter", "eventCode"):
        for pair in info.findall(kind):
            name = plain(pair, "valueName")
            if _COLOUR_NAME.search(name) and not _OLD_NAME.search(name):
                levels.append(_level_of(_nfkc(plain(pair, "value"))))
    return max(levels)


def region_codes(info: Element) -> Iterator[str]:
    """Yield the first six digits of each code of GB/T 2260; codes of the national form have 12 or 14 digits."""
    for area in info.findall("area"):
        for geocode in area.findall("geocode"):
            if _OTHER_CODES.search(plain(geocode, "valueName")):
                continue
            for code in _SEPARATORS.split(_nfkc(plain(geocode, "value") or geocode.text or "")):
                if (found := _REGION.fullmatch(code)) and found[1][:2] in _PROVINCES:
                    yield found[1]


def _level_of(value: str) -> Level:
    found = {_colour(one) for one in _COLOUR.finditer(value)}
    if not found and (grade := _GRADE.fullmatch(value)):
        found = {_GRADES[grade[1].upper()]}
    return max(_or_none(found))


def _colour(found: re.Match[str]) -> Level:
    return Level.parse(found[1]) if found[1] else COLOURS[found[2]]


def _or_none(levels: Iterable[Level]) -> tuple[Level, ...]:
    return (Level.NONE, *levels)


def _nfkc(text: str) -> str:
    """Return a text with full-width digits and separators as plain ones, and Ⅱ as II."""
    return unicodedata.normalize("NFKC", text).strip()
