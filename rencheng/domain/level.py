"""The four warning colours, ordered by severity."""

from enum import IntEnum
from typing import Literal, cast

WarningLevelWord = Literal["blue", "yellow", "orange", "red"]
"""The word of a level that can be issued."""

LevelWord = Literal["none", WarningLevelWord]
"""The word of any level: `none` is the absence of a warning, not a measurement of dryness."""


class Level(IntEnum):
    """A warning colour: blue 蓝 < yellow 黄 < orange 橙 < red 红. NONE is the absence of a warning.

    Source: the national four-level scale, 一般 / 较大 / 重大 / 特别重大.
    """

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> LevelWord:
        """Return the name used in messages, tables and the API."""
        return cast("LevelWord", self.name.lower())

    @property
    def warning_word(self) -> WarningLevelWord:
        """Return the word of a level that can be issued.

        Raises:
            ValueError: the level is NONE.
        """
        if self is Level.NONE:
            raise ValueError("the level is none; a warning has a colour")
        return cast("WarningLevelWord", self.word)

    @property
    def chinese(self) -> str:
        """Return the colour as a Chinese headline writes it."""
        return {0: "无", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}[self.value]

    @classmethod
    def parse(cls, word: str) -> "Level":
        """Return the level of a word.

        Raises:
            ValueError: no level has this word.
        """
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"{word!r} is not a level; use one of blue, yellow, orange, red") from None


WARNING_LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
"""The levels that can be issued, from the lowest to the highest."""
