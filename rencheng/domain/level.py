"""The four warning colours, ordered by severity."""

from enum import IntEnum


class Level(IntEnum):
    """Blue 蓝 < yellow 黄 < orange 橙 < red 红; NONE is the absence of a warning, not a measurement of dryness.

    Source: the national four-level scale, 一般 / 较大 / 重大 / 特别重大.
    """

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """The name used in messages, tables and the API: `blue`, `yellow`, `orange`, `red` or `none`."""
        return self.name.lower()

    @property
    def chinese(self) -> str:
        """The colour as a Chinese headline writes it."""
        return {0: "无", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}[self.value]

    @classmethod
    def parse(cls, word: str) -> "Level":
        """Read a level from its word.

        Raises:
            ValueError: the word names no level.
        """
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"{word!r} is no level; use one of blue, yellow, orange, red") from None


WARNING_LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
"""The levels that can be issued, from the lowest to the highest."""
