"""The outer form of incidents, tasks and evidence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rencheng.domain.level import LevelWord
from rencheng.response.tasks.plan import ProofKind, TaskPhase
from rencheng.response.tasks.task import TaskState
from rencheng.store.tasks.evidence import JPEG
from rencheng.store.tasks.incidents import Incident
from rencheng.store.tasks.tasks import StoredTask
from services.api.http.models import ApiModel, example, level_word, local

EVIDENCE: dict[str, Any] = {
    "evidence_id": 31,
    "kind": "photo",
    "person_id": "li-na",
    "note": "",
    "depth_mm": None,
    "photo": "/v1/tasks/17/photos/31",
    "file": None,
    "media_type": "image/jpeg",
    "sha256": "9f2c…",
    "taken_at": "2026-07-20T16:07:12+08:00",
    "taken_at_known": True,
    "latitude": 36.65,
    "longitude": 117.12,
    "reported_at": "2026-07-20T16:08:00+08:00",
}
SIGNATURE: dict[str, Any] = {"person_id": "wang-fang", "at": "2026-07-20T19:00:00+08:00", "roles": ["police"]}
TASK: dict[str, Any] = {
    "task_id": 17,
    "warning_id": "my-underpass-20260720T080000Z",
    "task": "close",
    "title_zh": "封闭道路",
    "title_en": "Close the road",
    "role": "police",
    "site_id": "my-underpass",
    "world": "actual",
    "state": "on_site",
    "overdue": False,
    "person_id": "li-na",
    "asked": ["li-na"],
    "due_at": "2026-07-20T16:10:00+08:00",
    "next_due": "2026-07-20T16:10:00+08:00",
    "after": False,
    "closes": True,
    "evidence": ["photo"],
    "missing_evidence": ["photo"],
    "signatures_needed": 0,
    "signatures": [],
    "reason": "",
}
INCIDENT: dict[str, Any] = {
    "warning_id": "my-underpass-20260720T080000Z",
    "site_id": "my-underpass",
    "region": "370102",
    "world": "actual",
    "level": "red",
    "plan_id": "default-underpass",
    "plan_version": 1,
    "opened_at": "2026-07-20T16:00:00+08:00",
    "cleared_at": None,
    "reopened_at": None,
}


class EvidenceOut(ApiModel):
    """What a person reported of a task 佐证材料."""

    model_config = example(**EVIDENCE)

    evidence_id: int
    kind: ProofKind
    person_id: str
    note: str
    depth_mm: float | None
    photo: str | None
    """The path of the photo; null: it is none."""
    file: str | None
    """The path of the video or document; null: it is none."""
    media_type: str | None
    sha256: str | None
    """The hash of the file as it was sent."""
    taken_at: datetime | None
    """By the clock of the camera; null: it wrote none."""
    taken_at_known: bool
    """false: a photo without a time of its own. It proves no time."""
    latitude: float | None
    longitude: float | None
    reported_at: datetime


class SignatureOut(ApiModel):
    """The signature of a person who checked a task."""

    model_config = example(**SIGNATURE)

    person_id: str
    at: datetime
    roles: list[str]


class ShownTask(ApiModel):
    """A task of a response plan 处置任务."""

    model_config = example(**TASK)

    task_id: int
    warning_id: str
    task: str
    """Its name in the plan."""
    title_zh: str
    title_en: str
    role: str
    site_id: str
    world: str
    state: TaskState
    overdue: bool
    person_id: str | None
    """Who has taken it on."""
    asked: list[str]
    """Who was asked, in order."""
    due_at: datetime
    next_due: datetime | None
    """When the next person is asked; null: nobody is."""
    after: bool
    """true: generated at the all-clear."""
    closes: bool
    evidence: list[ProofKind]
    """The evidence that it needs."""
    missing_evidence: list[ProofKind]
    signatures_needed: int
    signatures: list[SignatureOut]
    reason: str
    """Why it cannot be done, was given back, begins again, or was cancelled."""


class TaskDetail(ShownTask):
    """A task with its evidence."""

    model_config = example(**TASK, reported=[EVIDENCE])

    reported: list[EvidenceOut]
    """The evidence that was reported."""


class ShownTasks(ApiModel):
    """Tasks, the one that is due first before the others."""

    model_config = example(items=[TASK])

    items: list[ShownTask]


class ShownIncident(ApiModel):
    """What is done about a warning 处置过程."""

    model_config = example(**INCIDENT)

    warning_id: str
    site_id: str
    region: str
    world: str
    level: LevelWord
    """The highest level for which tasks were generated."""
    plan_id: str
    plan_version: int
    opened_at: datetime
    cleared_at: datetime | None
    """The all-clear."""
    reopened_at: datetime | None
    """When the last signature reopened the place."""


class IncidentDetail(ShownIncident):
    """An incident with its tasks."""

    model_config = example(**INCIDENT, tasks=[TASK])

    tasks: list[ShownTask]


class ShownIncidents(ApiModel):
    """Incidents, the newest first."""

    model_config = example(items=[INCIDENT])

    items: list[ShownIncident]


def task_values(stored: StoredTask, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return the values of a task."""
    task, template = stored.task, stored.task.template
    return {
        "task_id": stored.task_id,
        "warning_id": task.warning_id,
        "task": template.template_id,
        "title_zh": template.title_zh,
        "title_en": template.title_en,
        "role": template.role,
        "site_id": task.site_id,
        "world": task.world,
        "state": task.state,
        "overdue": task.is_overdue(now),
        "person_id": task.person_id,
        "asked": list(task.asked),
        "due_at": local(task.due_at, zone),
        "next_due": task.next_due and local(task.next_due, zone),
        "after": template.phase is TaskPhase.AFTER,
        "closes": template.closes,
        "evidence": list(template.evidence),
        "missing_evidence": list(task.missing_evidence),
        "signatures_needed": template.signatures,
        "signatures": [
            SignatureOut(person_id=each.person_id, at=local(each.at, zone), roles=list(each.roles))
            for each in task.signatures
        ],
        "reason": task.reason,
    }


def shown_task(stored: StoredTask, zone: ZoneInfo, now: datetime) -> ShownTask:
    """Return a task."""
    return ShownTask(**task_values(stored, zone, now))


def task_detail(stored: StoredTask, reported: Sequence[Mapping[Any, Any]], zone: ZoneInfo, now: datetime) -> TaskDetail:
    """Return a task with its evidence."""
    return TaskDetail(**task_values(stored, zone, now), reported=[evidence_out(row, zone) for row in reported])


def evidence_out(row: Mapping[Any, Any], zone: ZoneInfo) -> EvidenceOut:
    """Return evidence."""
    is_file, is_photo = row["sha256"] is not None, row["media_type"] == JPEG
    path, number = f"/v1/tasks/{row['task_id']}", row["evidence_id"]
    taken_at = row["taken_at"] and local(row["taken_at"], zone)
    return EvidenceOut(
        evidence_id=row["evidence_id"],
        kind=row["kind"],
        person_id=row["person_id"],
        note=row["note"],
        depth_mm=row["depth_mm"],
        photo=f"{path}/photos/{number}" if is_photo else None,
        file=f"{path}/files/{number}" if is_file and not is_photo else None,
        media_type=row["media_type"],
        sha256=row["sha256"].hex() if is_file else None,
        taken_at=taken_at,
        taken_at_known=taken_at is not None,
        latitude=row["latitude"],
        longitude=row["longitude"],
        reported_at=local(row["recorded_at"], zone),
    )


def incident_values(incident: Incident, zone: ZoneInfo) -> dict[str, Any]:
    """Return the values of an incident."""
    return {
        "warning_id": incident.warning_id,
        "site_id": incident.site_id,
        "region": incident.region,
        "world": incident.world,
        "level": level_word(incident.level),
        "plan_id": incident.plan.plan_id,
        "plan_version": incident.plan.version,
        "opened_at": local(incident.opened_at, zone),
        "cleared_at": incident.cleared_at and local(incident.cleared_at, zone),
        "reopened_at": incident.reopened_at and local(incident.reopened_at, zone),
    }
