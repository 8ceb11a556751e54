"""What is told of many sites at once, in both languages."""

from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.level import WARNING_LEVELS, Level

GROUP, NO_DATA, REMINDER = "group", "no_data", "reminder"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of several sites. The newest of a topic stands for it.

    Attributes:
        kind: `group` (a region or catchment), `no_data` (cannot evaluate), `reminder` (a silence ends).
        topic: which group, or which silence; with world and kind it names what the notice stands for.
        in_force: False when there is nothing more to say.
        level: the highest that stands among its sites; NONE without any.
        site_ids: whom it is about.
        urgent: whether it may not wait for a quiet minute.
        zh, en: a sentence each.
    """

    world: str
    kind: str
    topic: str
    at: datetime
    in_force: bool
    level: Level
    site_ids: tuple[str, ...]
    urgent: bool
    zh: str
    en: str


def counted_zh(counts: dict[Level, int]) -> str:
    """So many of each colour, the gravest first."""
    return "、".join(f"{level.chinese}{counts[level]}处" for level in reversed(WARNING_LEVELS) if counts.get(level))


def counted_en(counts: dict[Level, int]) -> str:
    """So many of each colour, the gravest first."""
    return ", ".join(f"{counts[level]} {level.word}" for level in reversed(WARNING_LEVELS) if counts.get(level))


def some(site_ids: tuple[str, ...], shown_max: int = 5) -> str:
    """The first few names, and how many more."""
    more = len(site_ids) - shown_max
    return ", ".join(site_ids[:shown_max]) + (f" (+{more})" if more > 0 else "")
