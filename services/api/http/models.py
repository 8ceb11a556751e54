"""What all answers have in common: times in the asker's zone, flags by their names, pages by keyset."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.level import Level, LevelWord
from rencheng.domain.quality import Quality


class ApiModel(BaseModel):
    """The base of what we answer with."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


def example(**values: Any) -> ConfigDict:  # noqa: ANN401 - JSON of any shape
    """The configuration of an answer that shows an example of itself. A test holds the two together."""
    return ConfigDict(json_schema_extra={"examples": [values]})


Item = TypeVar("Item")
Source = TypeVar("Source")


class Page(ApiModel, Generic[Item]):
    """A page of a list. There is no total: counting all rows would cost more than reading a page of them."""

    items: list[Item]
    next: str | None = Field(description="Give it back as `after` for the next page; null on the last one.")


def paginate(
    rows: Sequence[Source], limit: int, position: Callable[[Source], str]
) -> tuple[Sequence[Source], str | None]:
    """A page's rows out of one more than its limit, and where the next page begins."""
    page = rows[:limit]
    return page, position(page[-1]) if len(rows) > limit else None


def present(row: Mapping[Any, Any], zone: ZoneInfo) -> dict[str, Any]:
    """A row as it is shown: times in the asker's zone, quality also as flags, levels by their words."""
    values = {name: local(value, zone) if isinstance(value, datetime) else value for name, value in row.items()}
    if "quality" in values:
        values["flags"] = flags(row["quality"])
    return values


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The same moment by the asker's clocks."""
    return moment.astimezone(zone)


@lru_cache
def flags(quality: int) -> tuple[str, ...]:
    """The names of the flags in a bit set. Few sets occur, and taking one apart costs more than all else in a row."""
    return tuple(flag.name.lower() for flag in Quality if flag & quality and flag.name)


def level_word(level: int) -> LevelWord:
    """Return the word of a level."""
    return Level(level).word
