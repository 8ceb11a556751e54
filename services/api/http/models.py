"""Shared parts of all responses: local times, names of quality flags, pages by keyset."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.level import Level, LevelWord
from rencheng.domain.quality import Quality


class ApiModel(BaseModel):
    """The base of all response models."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


def example(**values: Any) -> ConfigDict:  # noqa: ANN401 - JSON of any shape
    """Return a model configuration with an example. A test validates each example against its model."""
    return ConfigDict(json_schema_extra={"examples": [values]})


Item = TypeVar("Item")
Source = TypeVar("Source")


class Page(ApiModel, Generic[Item]):
    """A page of a list. It has no total, because counting all rows costs more than reading one page."""

    items: list[Item]
    next: str | None = Field(description="Send it as `after` to get the next page; null on the last page.")


def paginate(
    rows: Sequence[Source], limit: int, position: Callable[[Source], str]
) -> tuple[Sequence[Source], str | None]:
    """Split off the one row that was read beyond the limit. Return the page, and the cursor of the next one."""
    page = rows[:limit]
    return page, position(page[-1]) if len(rows) > limit else None


def present(row: Mapping[Any, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return a row's values with local times, and with the names of its quality flags."""
    values = {name: local(value, zone) if isinstance(value, datetime) else value for name, value in row.items()}
    if "quality" in values:
        values["flags"] = flags(row["quality"])
    return values


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in the client's time zone."""
    return moment.astimezone(zone)


@lru_cache
def flags(quality: int) -> tuple[str, ...]:
    """Return the names of the flags in a bit set. Cached, because decoding a set costs more than the rest of a row."""
    return tuple(flag.name.lower() for flag in Quality if flag & quality and flag.name)


def level_word(level: int) -> LevelWord:
    """Return the word of a level."""
    return Level(level).word
