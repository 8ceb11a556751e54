"""Response plans: list, write a version, approve it, and show what it would generate."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level, WarningLevelWord
from rencheng.operations.plan_files import default_plans
from rencheng.operations.plans import PlannedTask, add_plan_version, approve_plan_version, plan_for, preview
from rencheng.response.tasks.forms import PlanForm
from rencheng.response.tasks.plan import TaskPhase
from rencheng.schemas.fields import Identifier
from rencheng.store.places import Place, of_site
from rencheng.store.registry.sites import find_sites
from rencheng.store.tasks.plans import PlanVersion, find_plan, list_plans, plans_in_force
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db, PlanId, Zone
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/plans", tags=["response"])
approvals = APIRouter(route_class=ChangeRoute, prefix="/plans", tags=["response"])

_CLOSE: dict[str, Any] = {
    "task": "close",
    "title_zh": "封闭道路",
    "title_en": "Close the road",
    "role": "police",
    "level": "orange",
    "due_min": 10,
    "evidence": ["photo"],
    "closes": True,
}
_REOPEN: dict[str, Any] = {
    "task": "reopen",
    "title_zh": "开放前检查",
    "title_en": "Inspect before reopening",
    "role": "keeper",
    "level": "orange",
    "due_min": 120,
    "after": True,
    "evidence": ["photo", "depth"],
    "signatures": 2,
    "signers": ["police", "keeper"],
}
_PLAN: dict[str, Any] = {
    "plan_id": "lixia-underpasses",
    "region": "370102",
    "site_type": "underpass",
    "tasks": [_CLOSE, _REOPEN],
}
_VERSION: dict[str, Any] = {
    "plan": _PLAN,
    "version": 2,
    "in_force": True,
    "made_by": "key 1f (duty)",
    "made_at": "2026-07-01T09:00:00+08:00",
    "author": "zhang-wei",
    "approved_by": ["li-na"],
    "approved_at": "2026-07-01T10:00:00+08:00",
    "approved_until": "2027-07-01T10:00:00+08:00",
}

_PLANNED: dict[str, Any] = {
    "task": "close",
    "title_zh": "封闭道路",
    "title_en": "Close the road",
    "role": "police",
    "person_id": "li-na",
    "due_at": "2026-07-20T16:10:00+08:00",
    "after": False,
    "evidence": ["photo"],
    "signatures": 0,
}

Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version of the plan.")]


class PlanRequest(PlanForm):
    """A plan to write. A change makes another version."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLAN]})


class ShownPlan(ApiModel):
    """A version of a response plan 应急预案."""

    model_config = example(**_VERSION)

    plan: PlanForm
    version: int
    in_force: bool
    """The newest approved version of the plan. Incidents that run keep the version with which they began."""
    made_by: str | None
    """Who wrote it; null without the scope `operate` or `admin`."""
    made_at: datetime
    author: str | None
    """The person who wrote it; null: the key named none, and two people must approve it."""
    approved_by: list[str]
    """The people who approved it."""
    approved_at: datetime | None
    approved_until: datetime | None
    """When the approval is to be renewed. The version stays in force."""


class ShownPlans(ApiModel):
    """All versions of all plans."""

    model_config = example(items=[_VERSION])

    items: list[ShownPlan]


class DefaultPlans(ApiModel):
    """The default plans, one for each type of site, to copy and edit."""

    model_config = example(items=[_PLAN])

    items: list[PlanForm]


class PreviewRequest(BaseModel):
    """A site and a level for which tasks are shown."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"site_id": "my-underpass", "level": "red"}]}
    )

    site_id: Identifier
    level: WarningLevelWord
    plan: PlanForm | None = Field(None, description="The plan to try; null: the one that is in force for the site.")


class PlannedTaskOut(ApiModel):
    """A task that would be generated."""

    model_config = example(**_PLANNED)

    task: str
    title_zh: str
    title_en: str
    role: str
    person_id: str | None
    """Who has the role now; null: nobody is on duty."""
    due_at: datetime
    after: bool
    """true: generated at the all-clear; `due_at` counts from now."""
    evidence: list[str]
    signatures: int


class PlanPreview(ApiModel):
    """What a level of a site would generate now. Nothing is written."""

    model_config = example(plan_id="lixia-underpasses", version=2, tasks=[_PLANNED])

    plan_id: str
    version: int
    """0: the plan of the request."""
    tasks: list[PlannedTaskOut]


@router.get("", summary="List response plans 应急预案列表", operation_id="list_plans")
def get_plans(database: Db, caller: Caller, zone: Zone) -> ShownPlans:
    """Return all versions. Where no plan is for a site, the default plan of its type is used."""
    if not caller.reach.includes_world(ACTUAL):
        return ShownPlans(items=[])
    with database.read() as connection:
        found = list_plans(connection, reach=caller.reach)
    in_force = {(each.form.plan_id, each.version) for each in plans_in_force(found)}
    items = [
        _shown(each, zone, sees_authors=caller.sees_authors, in_force=(each.form.plan_id, each.version) in in_force)
        for each in found
    ]
    return ShownPlans(items=items)


@router.get("/defaults", summary="Show the default plans 默认预案", operation_id="list_default_plans")
def get_defaults(_caller: Caller) -> DefaultPlans:
    """Return the default plans. Copy one, give it a name and a region of your own, and send it back."""
    return DefaultPlans(items=list(default_plans()))


@router.post(
    "/preview",
    summary="Try a plan 预案推演",
    operation_id="preview_plan",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_preview(database: Db, caller: Caller, zone: Zone, request: PreviewRequest) -> PlanPreview:
    """Show the tasks that a level of a site would generate now, and who would get them. Nothing is written."""
    with database.read() as connection:
        site = find_sites(connection, [request.site_id]).get(request.site_id)
        if site is None or not caller.reaches(of_site(connection, request.site_id)):
            raise NotFound(f"There is no site {request.site_id!r}.")
        plan = request.plan.to_plan(0) if request.plan else plan_for(connection, site)
        if plan is None:
            raise NotFound(f"No plan is for the site {request.site_id!r}.")
        tasks = preview(connection, site, Level.parse(request.level), plan, datetime.now(UTC))
    return PlanPreview(plan_id=plan.plan_id, version=plan.version, tasks=[_planned(each, zone) for each in tasks])


@router.put("/{plan_id}", summary="Write a version of a plan 编写预案", operation_id="put_plan")
def put_plan(database: Db, caller: Caller, zone: Zone, plan_id: PlanId, plan: PlanRequest) -> ShownPlan:
    """Write a version. It comes into force when other people approve it. A repeated request makes no other one."""
    if plan.plan_id != plan_id:
        raise InvalidParameter(f"The body names {plan.plan_id!r}, the path {plan_id!r}. Name the same plan.")
    caller.require([Place(plan.region, ACTUAL)])
    form = PlanForm.model_validate(plan.model_dump())
    with refusals(), database.write() as connection:
        version = add_plan_version(connection, form, signer=caller.signer)
        return _found(find_plan(connection, plan_id, version), zone, sees_authors=caller.sees_authors)


@approvals.post(
    "/{plan_id}/versions/{version}/approval",
    summary="Approve a version of a plan 批准预案",
    operation_id="post_plan_approval",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_approval(database: Db, caller: Caller, zone: Zone, plan_id: PlanId, version: Version) -> ShownPlan:
    """Approve a version for a year, or renew its approval, with a key of a person. Its author cannot approve it."""
    with refusals(), database.write() as connection:
        found = find_plan(connection, plan_id, version)
        if found is None:
            raise NotFound(f"There is no version {version} of the plan {plan_id!r}.")
        highest = max((Level.parse(task.level) for task in found.form.tasks), default=Level.NONE)
        caller.require_level(highest, [Place(found.form.region, ACTUAL)])
        approve_plan_version(connection, plan_id, version, signer=caller.signer)
        return _found(find_plan(connection, plan_id, version), zone, sees_authors=caller.sees_authors)


def _found(found: PlanVersion | None, zone: Zone, *, sees_authors: bool) -> ShownPlan:
    if found is None:
        raise NotFound("There is no such version.")
    return _shown(found, zone, sees_authors=sees_authors, in_force=found.approved_at is not None)


def _shown(found: PlanVersion, zone: Zone, *, sees_authors: bool, in_force: bool) -> ShownPlan:
    return ShownPlan(
        plan=found.form,
        version=found.version,
        in_force=in_force,
        made_by=found.made_by if sees_authors else None,
        made_at=local(found.made_at, zone),
        author=found.author_id,
        approved_by=list(found.approvers),
        approved_at=found.approved_at and local(found.approved_at, zone),
        approved_until=found.approved_until and local(found.approved_until, zone),
    )


def _planned(task: PlannedTask, zone: Zone) -> PlannedTaskOut:
    template = task.template
    return PlannedTaskOut(
        task=template.template_id,
        title_zh=template.title_zh,
        title_en=template.title_en,
        role=template.role,
        person_id=task.duty.person_id,
        due_at=local(task.due_at, zone),
        after=template.phase is TaskPhase.AFTER,
        evidence=list(template.evidence),
        signatures=template.signatures,
    )
