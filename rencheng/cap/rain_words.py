"""What the words of a rain signal say: whether they are about rain, in which colour, and whether it ends."""

import re
import unicodedata
from dataclasses import dataclass

from rencheng.cap.rain_words_zh import Mention, mentions_of_rain
from rencheng.domain.level import Level

CHARS_MAX = 1000
"""The part of a text that is read."""


@dataclass(frozen=True, slots=True)
class RainWords:
    """What the words of one info say.

    Attributes:
        is_rain: whether they are about rain.
        level: the colour that is in force; NONE without one.
        ended_level: the colour that ends; NONE without one.
        ends: whether rain ends, and no colour is in force.
    """

    is_rain: bool
    level: Level
    ended_level: Level
    ends: bool


_RAIN = re.compile(
    r"(?<!\bno )(?<!\bnot )(?<!\bfreezing )(?<!\bacid )(?<!\bwithout )(?<!\bno heavy )(?<!\bnon-)"
    r"\b(?:rain(?:s|falls?|storms?|y)?|downpours?|cloudbursts?)\b(?!-free|\s+free\b|\s+checks?\b|\s+or\s+shine\b)",
    re.IGNORECASE,
)
_NOUN = r"(?:warning|alert|signal|code|level|advisory)s?"
_PLACE = "cross|county|river|city|lake|sea|island|hills?|mountains?|ridge|creek|grass|basin|bay|springs?|valley|flag"
_COLOUR = re.compile(rf"\b(red|orange|yellow|blue)\b(?!\s+(?:{_PLACE})\b)", re.IGNORECASE)
_OLD = re.compile(
    r"\b(?:from|was|previous(?:ly)?|former(?:ly)?|replac(?:es|ing)|supersed(?:es|ing)|instead\s+of)\s+(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:upgrad|downgrad|rais|lower|elevat|chang|escalat|mov|increas|reduc)\w*\b[^.;]*?\bto\b|→|->"
    r"|\b(?:replaced|superseded)\s+(?:by|with)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    rf"\ball[\s-]clear\b|\b{_NOUN}\s+(?:(?:is|are|was|were|has|have|been|now)\s+){{0,3}}"
    r"(?:lifted|cancell?ed|ended|withdrawn|terminated|over|expired)\b"
    r"|\b(?:lift|cancel|withdraw|end|terminat)\w*"
    rf"(?:\s+(?!due|because|after|by|for|following|under|amid)\w+){{0,6}}?\s+{_NOUN}\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,.;!?\n]|\band\b", re.IGNORECASE)


def read_words(*texts: str) -> RainWords:
    """Return what texts say together. A colour that replaces another counts first; of others the gravest."""
    mentions: list[Mention] = []
    is_rain = False
    for text in texts:
        plain = unicodedata.normalize("NFKC", text[:CHARS_MAX])
        found, in_chinese = mentions_of_rain(plain)
        is_rain = is_rain or found or bool(_RAIN.search(plain))
        mentions += [*in_chinese, *_english(plain)]
    live = [one for one in mentions if not one.ends]
    ended = [one.level for one in mentions if one.ends]
    counted = [one for one in live if one.is_new] or live
    return RainWords(
        is_rain=is_rain,
        level=max((one.level for one in counted), default=Level.NONE),
        ended_level=max(ended, default=Level.NONE),
        ends=bool(ended) and not live,
    )


def _english(text: str) -> list[Mention]:
    """Return the colours that a text names, and an end that names none."""
    if change := _CHANGE.search(text):
        new = _COLOUR.search(text, change.end())
        return [Mention(Level.parse(new[1]), is_new=True)] if new else []
    mentions: list[Mention] = []
    for clause in _CLAUSE.split(text):
        ends = bool(_ENDED.search(clause))
        colours = [found for found in _COLOUR.finditer(clause) if not _OLD.search(clause, 0, found.start())]
        mentions += [Mention(Level.parse(found[1]), ends) for found in colours]
        if ends and not colours:
            mentions.append(Mention(Level.NONE, ends=True))
    return mentions
