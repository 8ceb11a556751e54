"""The JSON form of response plans, for API, commands and files."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.calls.forms import RoleName
from rencheng.response.signatures import TWO_PEOPLE
from rencheng.response.tasks.plan import ProofKind, ResponsePlan, TaskPhase, TaskTemplate
from rencheng.schemas.fields import DistrictCode, Identifier, Text

TASKS_MAX = 100
"""The most tasks of a plan. Proposal."""

_STRICT = ConfigDict(extra="forbid", frozen=True)


class TaskForm(BaseModel):
    """A task of a plan."""

    model_config = _STRICT

    task: Identifier = Field(description="Its name in the plan.")
    title_zh: Text
    title_en: Text
    role: RoleName = Field(description="Who does it; the roster finds the person.")
    level: Literal["blue", "yellow", "orange", "red"] = Field(
        description="Generated at this level and above; after the all-clear: if the warning reached this level."
    )
    due_min: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = Field(
        description="Minutes after the level was issued, or after the all-clear."
    )
    after: bool = Field(False, description="true: generated at the all-clear.")
    evidence: Annotated[tuple[ProofKind, ...], Field(max_length=6)] = ()
    closes: bool = Field(False, description="true: the place is closed once it is done.")
    signatures: Annotated[int, Field(ge=0, le=5)] = Field(
        0, description="How many people other than those who did it must sign. After the all-clear: reopens the place."
    )
    signers: Annotated[tuple[RoleName, ...], Field(max_length=10)] = Field(
        (), description="Roles, one of which each signature needs; empty: anybody."
    )

    response: Annotated[int, Field(ge=1, le=4)] | None = Field(
        None,
        description="Generated at a place with a warning of any level, too, once a response of this number (4: IV) or a"
        " graver one is declared for its region.",
    )

    @model_validator(mode="after")
    def _check(self) -> "TaskForm":
        if self.after and self.response is not None:
            raise ValueError(f"{self.task}: a response asks for no task after the all-clear")
        if self.after and 0 < self.signatures < TWO_PEOPLE:
            raise ValueError(f"{self.task}: reopening a place needs {TWO_PEOPLE} signatures at least")
        if self.after and self.closes:
            raise ValueError(f"{self.task}: a place is not closed after the all-clear")
        if ProofKind.HIDDEN_DANGER in self.evidence:
            raise ValueError(f"{self.task}: a hidden danger is reported where one is found; no task asks for it")
        return self

    def to_template(self) -> TaskTemplate:
        """Return the task."""
        return TaskTemplate(
            self.task,
            self.title_zh,
            self.title_en,
            self.role,
            Level.parse(self.level),
            self.due_min * 60,
            TaskPhase.AFTER if self.after else TaskPhase.RESPONSE,
            tuple(dict.fromkeys(self.evidence)),
            self.closes,
            self.signatures,
            tuple(dict.fromkeys(self.signers)),
            self.response,
        )


class PlanForm(BaseModel):
    """A response plan. Each change makes a new version, which people other than its author approve."""

    model_config = _STRICT

    plan_id: Identifier
    region: DistrictCode = Field(description="A district, a city (…00) or a province (…0000).")
    site_type: SiteType | None = None
    site_id: Identifier | None = Field(None, description="The one site that it is for; null: all of the type.")
    tasks: Annotated[tuple[TaskForm, ...], Field(min_length=1, max_length=TASKS_MAX)]

    @model_validator(mode="after")
    def _check(self) -> "PlanForm":
        names = [task.task for task in self.tasks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"these tasks are named twice: {', '.join(twice)}")
        closes = any(task.closes for task in self.tasks)
        reopens = any(task.after and task.signatures >= TWO_PEOPLE for task in self.tasks)
        if closes and not reopens:
            raise ValueError(f"it closes the place, so it needs a task `after` with {TWO_PEOPLE} `signatures`")
        return self

    def to_plan(self, version: int) -> ResponsePlan:
        """Return a version of the plan."""
        tasks = tuple(task.to_template() for task in self.tasks)
        return ResponsePlan(self.plan_id, version, self.region, self.site_type, self.site_id, tasks)
