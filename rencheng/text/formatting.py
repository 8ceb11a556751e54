"""How names, numbers and moments are written in any language."""

import html
import re
from datetime import datetime, timedelta, timezone

from rencheng.domain.site import Site

LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one offset and no summer time since 1992, so no zone file is read here."""

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, and what XML 1.0 cannot carry."""

MARKUP = re.compile(r"<([^\s>]+)(.*?)>")
"""What a CAP validator takes for an HTML tag."""

_FULL_WIDTH = str.maketrans("<>&", "＜＞＆")


def local(moment: datetime) -> datetime:
    """A moment as clocks on the wall show it.

    Raises:
        ValueError: the moment has no offset, so nobody knows when it was.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no offset; give every time its zone")
    return moment.astimezone(LOCAL)


def stamp(moment: datetime) -> str:
    """A moment as CAP and JSON carry it: whole seconds, local offset, never Z."""
    return local(moment).isoformat(timespec="seconds")


def has_markup(text: str) -> bool:
    """Whether it would be taken for HTML: a tag or an entity, which a receiver shows as rubbish or drops."""
    return bool(MARKUP.search(text)) or html.unescape(text) != text


def plain(text: str) -> str:
    """A name as a message may carry it: one line, nothing unprintable, nothing that looks like HTML.

    A name is mended and not refused: a stray character in a table of sites must not silence a warning.
    """
    line = " ".join(UNPRINTABLE.sub(" ", text).split())
    return line.translate(_FULL_WIDTH) if has_markup(line) else line


def place_zh(site: Site) -> str:
    """The Chinese name of a site, or its number if it has none."""
    return plain(site.name_zh) or plain(site.site_id)


def place_en(site: Site) -> str:
    """The English name of a site, or its number if it has none."""
    return plain(site.name_en) or plain(site.site_id)


def number(value: float) -> str:
    """At most one decimal: gauges resolve a millimetre, and a tenth is finer than any of them."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def centimetres(depth_mm: float) -> str:
    """A depth as people on the street speak of it; a millimetre is a tenth of it."""
    return number(depth_mm / 10)


def minutes_left(eta_s: float) -> int:
    """Whole minutes, rounded down: who is told too little hurries, who is told too much comes late."""
    return max(0, int(eta_s // 60))


def shortened(text: str, chars_max: int) -> str:
    """The text, or its beginning with a mark of omission."""
    return text if len(text) <= chars_max else text[: max(0, chars_max - 1)] + "…"
