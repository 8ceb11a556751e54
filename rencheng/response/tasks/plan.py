"""Response plans 应急预案: the tasks that a place needs at a level, by role."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.level import Level
from rencheng.domain.region import code_includes, code_prefix
from rencheng.domain.site import Site, SiteType


class ProofKind(StrEnum):
    """What a person reports of a task."""

    PHOTO = "photo"
    VIDEO = "video"
    DOCUMENT = "document"
    """A PDF."""
    DEPTH = "depth"
    """A depth read on the spot."""
    NOTE = "note"
    CALL = "call"
    """Who was called, and what was agreed."""
    STATE = "state"
    """The state of a device, as it was seen."""
    HIDDEN_DANGER = "hidden_danger"
    """隐患: a danger found on the way. No task asks for it."""


FILE_KINDS = frozenset({ProofKind.PHOTO, ProofKind.VIDEO, ProofKind.DOCUMENT})
"""The kinds that are files."""


class TaskPhase(StrEnum):
    """When a task is generated."""

    RESPONSE = "response"
    """With the warning."""
    AFTER = "after"
    """At the all-clear."""


@dataclass(frozen=True, slots=True)
class TaskTemplate:
    """A task of a plan.

    Attributes:
        role: who does it; the roster finds the person, and the deputy (B 岗).
        from_level: generated at this level and above; of a task after the all-clear, the peak.
        due_s: the time for it, seconds after the level was issued, or after the all-clear.
        evidence: what must be reported before it is done.
        closes: whether the place is closed once it is done.
        signatures: how many other people must sign; 0: nobody must.
        signer_roles: one of these roles is needed for a signature; empty: anybody's counts.
        from_response: generated also once a response of this number, 4 to 1, or a graver one is declared; None: not.
    """

    template_id: str
    title_zh: str
    title_en: str
    role: str
    from_level: Level
    due_s: float
    phase: TaskPhase = TaskPhase.RESPONSE
    evidence: tuple[ProofKind, ...] = ()
    closes: bool = False
    signatures: int = 0
    signer_roles: tuple[str, ...] = ()
    from_response: int | None = None


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """One version of a plan. It never changes; a change makes another version.

    Attributes:
        region: a district, a city (…00) or a province (…0000).
        site_type: the type of site that it is for; None: of one site, or for all.
        site_id: the one site that it is for.
    """

    plan_id: str
    version: int
    region: str
    site_type: SiteType | None
    site_id: str | None
    tasks: tuple[TaskTemplate, ...]

    def serves(self, site: Site) -> bool:
        """Return whether it is for a site."""
        is_here = self.site_id in {None, site.site_id} and code_includes(self.region, site.region)
        return is_here and self.site_type in {None, site.site_type}

    def tasks_at(self, level: Level, phase: TaskPhase) -> tuple[TaskTemplate, ...]:
        """Return the tasks of a phase that a level asks for."""
        return tuple(each for each in self.tasks if each.phase is phase and each.from_level <= level)

    def tasks_for_response(self, number: int) -> tuple[TaskTemplate, ...]:
        """Return the tasks that a declared response asks for at a place with a warning. 1 is the gravest number."""
        return tuple(each for each in self.tasks if each.from_response is not None and number <= each.from_response)


def choose_plan(plans: Iterable[ResponsePlan], site: Site) -> ResponsePlan | None:
    """Return the plan for a site: its own, else that of its type, else one of all types; of the smallest region."""
    serving = [each for each in plans if each.serves(site)]
    serving.sort(
        key=lambda each: (each.site_id is None, each.site_type is None, -len(code_prefix(each.region)), each.plan_id)
    )
    return serving[0] if serving else None
