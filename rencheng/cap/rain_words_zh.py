"""What Chinese words say of rain. They are read from left to right as hazards, colours and verbs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rencheng.domain.level import Level

COLOURS = {
    "红": Level.RED,
    "橙": Level.ORANGE,
    "黄": Level.YELLOW,
    "蓝": Level.BLUE,
    "紅": Level.RED,
    "黃": Level.YELLOW,
    "藍": Level.BLUE,
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A colour of rain in a text.

    Attributes:
        level: the colour; NONE for an end without one.
        ends: whether the text says that it ends.
        is_new: whether the text says that it replaces another.
        clause: the clause in which it stands, for a verb that follows it.
    """

    level: Level
    ends: bool = False
    is_new: bool = False
    clause: int = 0


_NEGATIONS = ("无", "無", "非", "沙尘", "没有", "不是", "未达到", "未发布", "不发布", "没有发布", "无发布")
_RAIN = "".join(f"(?<!{word})" for word in _NEGATIONS) + "暴雨(?!夹雪|诱发|引发|引起|导致|造成|次生)"
"""雷暴 + 雨夹雪 and 沙尘暴 + 雨 are no 暴雨; 暴雨诱发的山洪 is another hazard."""

_HAZARD = (
    "雷电|雷雨大风|雷暴大风|雷暴(?!雨(?!夹雪))|大风|台风|冰雹|大雾|暴雪|寒潮|高温|低温|霾|沙尘暴|沙尘|道路结冰|雨夹雪|霜冻|干旱|海浪|风暴潮"
    "|山洪|地质灾害|洪水|内涝|积水|泥石流|滑坡|火险|空气污染|重污染|冻雨|大浪|强对流"
)
_TERMS = {
    "rain": _RAIN,
    "hazard": _HAZARD,
    "kept": "(?:未|没有|暂不|不)(?:解除|取消|撤销|结束)",
    "old": "原(?:先)?(?:发布)?(?:的)?(?=暴雨|[红橙黄蓝紅黃藍]色)|此前|之前|前期|取代|替代|代替",
    "change": (
        "(?:升级|升格|升|上调|提升|提高|降级|降格|降|下调|降低|调整|变更|更改|改|更新|转换|转|变)(?:发布)?(?:为|至|到|成)"
        "|→|->|=>|(?<=预警|信号)为(?=暴雨|[红橙黄蓝紅黃藍]色)"
    ),
    "end": "(?:解除|取消|撤销|撤消|终止|结束|失效)(?!前|时间|条件)",
    "issue": "发布(?!的)|继续|维持|保持|启动|生效",
    "colour": "[红橙黄蓝紅黃藍](?=色|[/、至到]?[红橙黄蓝紅黃藍]色)",
    "stop": "[,。;!?\n]",
}
_TERM = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _TERMS.items()))
_AT_THE_END = re.compile(r"(?:预警|警报|信号|了|\s)*(?:[,。;!?\n)]|$)")
_COLOUR_CHARS = 2


def mentions_of_rain(text: str) -> tuple[bool, list[Mention]]:
    """Return whether a text is about rain, and the colours that it gives to rain, in order.

    A colour of no hazard counts as that of rain if the text names no other hazard.

    Args:
        text: after NFKC, so that commas and digits have one form.
    """
    return _Reader(text).read()


class _Reader:
    """The state of reading one text.

    A colour belongs to the hazards before it, up to the last colour; one that stands right before a hazard belongs to
    that.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._terms = list(_TERM.finditer(text))
        self._found: list[Mention] = []
        self._of_no_hazard: list[Mention] = []
        self._hazards: list[str] = []
        self._has_colour = False  # whether the hazards have one
        self._is_ending = self._is_new = self._skips = False
        self._clause = 0
        self._rain_ends = False

    def read(self) -> tuple[bool, list[Mention]]:
        for position, term in enumerate(self._terms):
            self._take(position, term)
        kinds = {term.lastgroup for term in self._terms}
        if "hazard" not in kinds:
            self._found = sorted([*self._found, *self._of_no_hazard], key=lambda one: one.clause)
        if self._rain_ends and not self._found:
            self._found.append(Mention(Level.NONE, ends=True))
        return "rain" in kinds, self._found

    def _take(self, position: int, term: re.Match[str]) -> None:
        match term.lastgroup:
            case "rain" | "hazard":
                self._take_hazard(term)
            case "colour":
                self._take_colour(position, term)
            case "old":
                self._skips = True
            case "change":
                self._drop_last()
                self._is_ending, self._is_new, self._skips = False, True, False
            case "end":
                self._take_end(position, term)
            case "issue":
                self._is_ending = False
            case "stop":
                self._is_ending = self._is_new = self._skips = False
                self._clause += 1

    def _take_hazard(self, term: re.Match[str]) -> None:
        if self._has_colour:
            self._hazards, self._has_colour = [], False
        self._hazards.append(term.lastgroup or "")
        self._rain_ends = self._rain_ends or (self._is_ending and term.lastgroup == "rain")

    def _take_colour(self, position: int, term: re.Match[str]) -> None:
        if self._skips:
            self._skips = False
            self._has_colour = True
            return
        mention = Mention(COLOURS[term[0]], self._is_ending, self._is_new, self._clause)
        hazards = self._hazards
        if (following := self._hazard_after(position, term)) and not self._stands_after_hazard(position, term):
            hazards = [following]
        if "rain" in hazards:
            self._found.append(mention)
        elif not hazards:
            self._of_no_hazard.append(mention)
        self._has_colour = True

    def _hazard_after(self, position: int, term: re.Match[str]) -> str:
        """Return the kind of the hazard right after a colour, as in 红色暴雨."""
        following = self._terms[position + 1] if position + 1 < len(self._terms) else None
        if following is None or following.start() != term.start() + _COLOUR_CHARS:
            return ""
        return following.lastgroup if following.lastgroup in ("rain", "hazard") else ""

    def _stands_after_hazard(self, position: int, term: re.Match[str]) -> bool:
        before = self._terms[position - 1] if position else None
        return before is not None and before.end() == term.start() and before.lastgroup in ("rain", "hazard")

    def _drop_last(self) -> None:
        """Drop the colour that is replaced, however often it was written."""
        for found in (self._found, self._of_no_hazard):
            replaced = found[-1].level if found else None
            while found and found[-1].level is replaced:
                found.pop()

    def _take_end(self, position: int, term: re.Match[str]) -> None:
        """Let a verb end what follows it; at the end of a clause, what stands before it."""
        if any(kind in ("colour", "rain") for kind in self._kinds_until_verb(position + 1)):
            self._is_ending = True
        elif _AT_THE_END.match(self._text, term.end()):
            self._rain_ends = self._rain_ends or "rain" in self._hazards
            for found in (self._found, self._of_no_hazard):
                last = found[-1].clause if found else 0
                found[:] = [replace(one, ends=True) if one.clause == last else one for one in found]

    def _kinds_until_verb(self, position: int) -> Iterator[str]:
        for term in self._terms[position:]:
            if term.lastgroup in ("stop", "issue", "change"):
                return
            yield term.lastgroup or ""
