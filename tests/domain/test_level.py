"""The words of levels are those of the literals that forms and documents use."""

from typing import get_args

import pytest

from rencheng.domain.level import WARNING_LEVELS, Level, LevelWord, WarningLevelWord


def test_the_literals_are_the_words_of_the_levels() -> None:
    assert get_args(LevelWord) == tuple(level.word for level in Level)
    assert get_args(WarningLevelWord) == tuple(level.warning_word for level in WARNING_LEVELS)


def test_a_word_is_parsed_to_its_level() -> None:
    assert [Level.parse(level.word) for level in Level] == list(Level)
    with pytest.raises(ValueError, match="'green' is not a level"):
        Level.parse("green")


def test_no_warning_has_the_level_none() -> None:
    with pytest.raises(ValueError, match="a warning has a colour"):
        _ = Level.NONE.warning_word
