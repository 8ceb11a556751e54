"""A notice: not a warning of water, but what operators must know about several sites, or about monitoring."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.level import Level


class NoticeKind(StrEnum):
    """The subject of a notice."""

    GROUP = "group"
    """Summary of the warnings of a region or catchment."""
    NO_DATA = "no_data"
    """City-wide alarm: sites without usable depths."""
    MONITORING = "monitoring"
    """Monitoring of one site is lost or restored."""
    REMINDER = "reminder"
    """A silence ends soon and still suppresses warnings."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice. The newest of a kind, world and topic replaces the one before.

    Attributes:
        topic: the group, site or silence that it is about.
        in_force: False when the notice before has ended.
        level: the highest level among its sites; NONE if there is none.
        urgent: whether it must be read at once.
        zh, en: one sentence in each language.
    """

    world: str
    kind: NoticeKind
    topic: str
    at: datetime
    in_force: bool
    level: Level
    site_ids: tuple[str, ...]
    urgent: bool
    zh: str
    en: str
