"""Names, numbers and times in the form in which messages carry them."""

import html
import re
from datetime import datetime

from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import Site

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, and characters that XML 1.0 does not allow."""

MARKUP = re.compile(r"<([^\s>]+)(.*?)>")
"""Text that a CAP validator takes for an HTML tag."""

_FULL_WIDTH = str.maketrans("<>&", "＜＞＆")


def local(time: datetime) -> datetime:
    """Return a time in the zone of the city.

    Raises:
        ValueError: the time has no offset.
    """
    if time.utcoffset() is None:
        raise ValueError(f"{time} has no offset; give every time its zone")
    return time.astimezone(CITY_ZONE)


def stamp(time: datetime) -> str:
    """Return a time as CAP and JSON carry it: whole seconds, local offset, never Z."""
    return local(time).isoformat(timespec="seconds")


def has_markup(text: str) -> bool:
    """Return whether a text contains an HTML tag or entity, which receivers show literally or drop."""
    return bool(MARKUP.search(text)) or html.unescape(text) != text


def plain(text: str) -> str:
    """Return a name in the form in which a message may carry it: one line, printable, without markup.

    A name is corrected and not rejected, because a bad character in a table of sites must not stop a warning.
    """
    line = " ".join(UNPRINTABLE.sub(" ", text).split())
    return line.translate(_FULL_WIDTH) if has_markup(line) else line


def place_zh(site: Site) -> str:
    """Return the Chinese name of a site; its identifier if it has none."""
    return plain(site.name_zh) or plain(site.site_id)


def place_en(site: Site) -> str:
    """Return the English name of a site; its identifier if it has none."""
    return plain(site.name_en) or plain(site.site_id)


def number(value: float) -> str:
    """Return a number with at most one decimal, because gauges resolve 1 mm."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def centimetres(depth_mm: float) -> str:
    """Return a depth in centimetres, the unit of public messages."""
    return number(depth_mm / 10)


def minutes_left(eta_s: float) -> int:
    """Return whole minutes, rounded down, because too short a time is safer than too long a time."""
    return max(0, int(eta_s // 60))


def shortened(text: str, chars_max: int) -> str:
    """Return the text; if it is too long, its beginning with an ellipsis."""
    return text if len(text) <= chars_max else text[: max(0, chars_max - 1)] + "…"
