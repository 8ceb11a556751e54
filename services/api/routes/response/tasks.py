"""Incidents and tasks: list them, report about them, and sign that a task was done well."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.operations.tasks import TaskMove, check_task, move_task, report_evidence
from rencheng.response.tasks.plan import ProofKind
from rencheng.response.tasks.task import TaskState
from rencheng.schemas.fields import Identifier, OptionalText
from rencheng.store.tasks.evidence import GivenEvidence
from rencheng.store.tasks.incidents import find_incident, list_incidents
from rencheng.store.tasks.tasks import list_tasks, tasks_of
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import ByWorld, Db, Limit, TaskId, TaskNewsSender, WarningId, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.refusals import refusals
from services.api.routes.response.task_models import (
    IncidentDetail,
    ShownIncident,
    ShownIncidents,
    ShownTask,
    ShownTasks,
    TaskDetail,
    incident_values,
    shown_task,
)
from services.api.routes.response.task_requests import detail_of_task, existing_task, reporter_of

router = APIRouter(route_class=ChangeRoute, tags=["response"])

OPEN_STATES = (TaskState.OPEN, TaskState.ACCEPTED, TaskState.ON_SITE, TaskState.CANNOT, TaskState.DONE)

_MOVE: dict[str, Any] = {"move": "accept", "person_id": "li-na"}
_CHECK: dict[str, Any] = {"passed": True, "note": ""}
_EVIDENCE: dict[str, Any] = {"kind": "depth", "depth_mm": 40, "note": "at the lowest point"}

PersonName = Annotated[Identifier | None, Field(description="The person who did it; null: the person of the key.")]


class TaskReport(BaseModel):
    """A report of a person about a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_MOVE]})

    move: TaskMove
    person_id: PersonName = None
    note: OptionalText = Field("", description="The reason, if it is given back or cannot be done.")


class EvidenceReport(BaseModel):
    """A depth, a note, a call or the state of a device; or a hidden danger that was found on the way."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EVIDENCE]})

    kind: Literal["depth", "note", "call", "state", "hidden_danger"]
    person_id: PersonName = None
    note: OptionalText = ""
    depth_mm: Annotated[float, Field(ge=0, le=20_000, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _check(self) -> "EvidenceReport":
        if (self.kind == "depth") != (self.depth_mm is not None):
            raise ValueError("a depth needs depth_mm, and nothing else has it")
        if self.kind != "depth" and not self.note:
            raise ValueError("note: say what was seen or agreed")
        return self


class TaskCheck(BaseModel):
    """The check of a task by a person who did not do it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CHECK]})

    passed: bool
    note: OptionalText = Field("", description="The reason, if it did not pass.")


Over = Annotated[bool, Query(description="true: those that are over, too.")]


@router.get("/incidents", summary="List incidents 处置过程列表", operation_id="list_incidents")
def get_incidents(
    database: Db, caller: Caller, zone: Zone, world: ByWorld, over: Over = False, limit: Limit = 100
) -> ShownIncidents:
    """Return the warnings about which something is done, from the first task to the reopening of the place."""
    with database.read() as connection:
        found = list_incidents(connection, reach=caller.reach, world=world, include_over=over, limit=limit)
    return ShownIncidents(items=[ShownIncident(**incident_values(each, zone)) for each in found])


@router.get(
    "/incidents/{warning_id}",
    summary="Show an incident 处置过程详情",
    operation_id="get_incident",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_incident(database: Db, zone: Zone, warning_id: WarningId) -> IncidentDetail:
    """Return an incident with all of its tasks."""
    now = datetime.now(UTC)
    with database.read() as connection:
        incident = find_incident(connection, warning_id)
        if incident is None:
            raise NotFound(f"The warning {warning_id!r} has no tasks.")
        tasks = [shown_task(each, zone, now) for each in tasks_of(connection, warning_id)]
    return IncidentDetail(**incident_values(incident, zone), tasks=tasks)


@router.get("/tasks", summary="List tasks 任务列表", operation_id="list_tasks")
def get_tasks(
    database: Db, caller: Caller, zone: Zone, world: ByWorld, over: Over = False, limit: Limit = 100
) -> ShownTasks:
    """Return the tasks that are not over, the one that is due first before the others."""
    states = tuple(TaskState) if over else OPEN_STATES
    with database.read() as connection:
        found = list_tasks(connection, reach=caller.reach, world=world, states=states, limit=limit)
    now = datetime.now(UTC)
    return ShownTasks(items=[shown_task(each, zone, now) for each in found])


@router.get(
    "/tasks/{task_id}",
    summary="Show a task 任务详情",
    operation_id="get_task",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_task(database: Db, zone: Zone, task_id: TaskId) -> TaskDetail:
    """Return a task with its evidence."""
    with database.read() as connection:
        return detail_of_task(connection, task_id, zone)


@router.post(
    "/tasks/{task_id}/reports",
    summary="Report about a task 任务反馈",
    operation_id="post_task_report",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_report(
    database: Db, caller: Caller, send: TaskNewsSender, zone: Zone, task_id: TaskId, report: TaskReport
) -> ShownTask:
    """Take a task on, arrive, give it back, report that it cannot be done, or that it is done."""
    with refusals(), database.write() as connection:
        existing_task(connection, task_id)
        by = reporter_of(connection, caller, report.person_id)
        stored = move_task(connection, task_id, report.move, by, note=report.note, send=send)
    return shown_task(stored, zone, datetime.now(UTC))


@router.post(
    "/tasks/{task_id}/evidence",
    summary="Report evidence 上报佐证",
    operation_id="post_evidence",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_evidence(
    database: Db, caller: Caller, send: TaskNewsSender, zone: Zone, task_id: TaskId, report: EvidenceReport
) -> TaskDetail:
    """Report a depth, a note, a call or a state; or a hidden danger 隐患, which no task asks for."""
    with refusals(), database.write() as connection:
        existing_task(connection, task_id)
        by = reporter_of(connection, caller, report.person_id)
        kind = ProofKind(report.kind)
        given = GivenEvidence(kind, by.person_id, by.actor, by.via, report.note, report.depth_mm)
        report_evidence(connection, task_id, given, by, send=send)
        return detail_of_task(connection, task_id, zone)


@router.post(
    "/tasks/{task_id}/checks",
    summary="Check a task 核验任务（签字）",
    operation_id="post_check",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_check(
    database: Db, caller: Caller, send: TaskNewsSender, zone: Zone, task_id: TaskId, check: TaskCheck
) -> ShownTask:
    """Sign that a task was done well, or let it begin again, with a key of a person who did not do it.

    A task that reopens a place needs the signatures of two people, after the all-clear.
    """
    with refusals(), database.write() as connection:
        existing_task(connection, task_id)
        stored = check_task(
            connection, task_id, signer=caller.signer, via="api", passed=check.passed, note=check.note, send=send
        )
    return shown_task(stored, zone, datetime.now(UTC))
