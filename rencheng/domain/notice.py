"""A notice: not a warning of water, but what operators must know about several sites, or about monitoring."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.doubt import DoubtReport
from rencheng.domain.level import Level


class NoticeKind(StrEnum):
    """The subject of a notice."""

    GROUP = "group"
    """Summary of the warnings of a region or catchment."""
    NO_DATA = "no_data"
    """City-wide alarm: sites without usable depths."""
    MONITORING = "monitoring"
    """Monitoring of one site is lost or restored."""
    DOUBTFUL = "doubtful"
    """A gauge of one site reports what may be water and is not proven; only for those who ask for it."""
    REMINDER = "reminder"
    """A silence ends soon and still suppresses warnings."""


@dataclass(frozen=True, slots=True)
class DoubtContent:
    """The content of a notice of doubt, for machines.

    Attributes:
        report: gauge, depths and outcome.
        level: the level whose threshold the depth reaches, also once it is settled.
        certainty: in the terms of CAP: Possible until it is settled.
        verify_by: the camera or patrol that can look at the site; empty if none is known.
        cap_xml: the notice as a CAP document.
    """

    report: DoubtReport
    level: Level
    certainty: str
    verify_by: str
    cap_xml: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice. The newest of a kind, world and topic replaces the one before.

    Attributes:
        topic: the group, site or silence that it is about.
        in_force: False when the notice before has ended.
        level: the highest level among its sites; NONE if there is none.
        urgent: whether it must be read at once.
        zh, en: one sentence in each language.
        doubt: the content of a notice of doubt; None for the other kinds.
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
    doubt: DoubtContent | None = None
