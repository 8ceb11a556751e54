"""Files as evidence of tasks: photos, videos and documents."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import Response

from rencheng.operations.evidence_files import FILE_BYTES_MAX, MP4, PDF, read_file
from rencheng.operations.photos import PHOTO_BYTES_MAX, read_photo
from rencheng.operations.tasks import report_evidence
from rencheng.response.tasks.plan import ProofKind
from rencheng.schemas.fields import Identifier, OptionalText
from rencheng.store.tasks.evidence import JPEG, GivenEvidence, find_file
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db, EvidenceId, TaskId, TaskNewsSender, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.refusals import refusals
from services.api.routes.response.task_models import TaskDetail
from services.api.routes.response.task_requests import detail_of_task, existing_task, reporter_of

router = APIRouter(route_class=ChangeRoute, tags=["response"])

PersonQuery = Annotated[
    Identifier | None, Query(description="The person who took it; the person of the key if omitted.")
]
NoteQuery = Annotated[OptionalText, Query(description="What it shows.")]


@router.post(
    "/tasks/{task_id}/photos",
    summary="Upload a photo 上传照片",
    operation_id="post_photo",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
    max_body_size=PHOTO_BYTES_MAX,
)
def post_photo(
    database: Db,
    caller: Caller,
    send: TaskNewsSender,
    zone: Zone,
    task_id: TaskId,
    data: Annotated[bytes, Body(media_type="image/jpeg", max_length=PHOTO_BYTES_MAX)],
    person_id: PersonQuery = None,
    note: NoteQuery = "",
) -> TaskDetail:
    """Upload a JPEG or PNG as the body. It is encoded again and kept without what the camera wrote into it.

    The camera's time and position are kept beside it; without a time of its own it is marked. The same photo again
    changes nothing.
    """
    with database.read() as connection:
        existing_task(connection, task_id)
    with refusals():
        photo = read_photo(data, datetime.now(UTC))
        with database.write() as connection:
            by = reporter_of(connection, caller, person_id)
            given = GivenEvidence(ProofKind.PHOTO, by.person_id, by.actor, by.via, note, file=photo)
            report_evidence(connection, task_id, given, by, send=send)
            return detail_of_task(connection, task_id, zone)


@router.get(
    "/tasks/{task_id}/photos/{evidence_id}",
    summary="Show a photo 查看照片",
    operation_id="get_photo",
    response_class=Response,
    responses={
        HTTPStatus.OK.value: {"content": {"image/jpeg": {}}, "description": "The photo."},
        **problem_responses(HTTPStatus.NOT_FOUND),
    },
)
def get_photo(database: Db, task_id: TaskId, evidence_id: EvidenceId) -> Response:
    """Return a photo, always as JPEG and never as a page."""
    with database.read() as connection:
        photo = find_file(connection, task_id, evidence_id)
    if photo is None or photo["media_type"] != JPEG:
        raise NotFound(f"The task {task_id} has no photo {evidence_id}.")
    name = f"task-{task_id}-{evidence_id}.jpg"
    return Response(photo["content"], media_type=JPEG, headers={"content-disposition": f'inline; filename="{name}"'})


@router.post(
    "/tasks/{task_id}/files",
    summary="Upload a video or document 上传视频或文件",
    operation_id="post_task_file",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
    max_body_size=FILE_BYTES_MAX,
)
def post_file(
    database: Db,
    caller: Caller,
    send: TaskNewsSender,
    zone: Zone,
    task_id: TaskId,
    data: Annotated[bytes, Body(media_type=PDF, max_length=FILE_BYTES_MAX)],
    person_id: PersonQuery = None,
    note: NoteQuery = "",
) -> TaskDetail:
    """Upload an MP4 or PDF as the body. Its content decides what it is, and it is kept as it is.

    The same file again changes nothing.
    """
    with refusals(), database.write() as connection:
        existing_task(connection, task_id)
        file = read_file(data)
        by = reporter_of(connection, caller, person_id)
        given = GivenEvidence(file.kind, by.person_id, by.actor, by.via, note, file=file)
        report_evidence(connection, task_id, given, by, send=send)
        return detail_of_task(connection, task_id, zone)


@router.get(
    "/tasks/{task_id}/files/{evidence_id}",
    summary="Download a video or document 下载视频或文件",
    operation_id="get_task_file",
    response_class=Response,
    responses={
        HTTPStatus.OK.value: {"content": {MP4: {}, PDF: {}}, "description": "The file."},
        **problem_responses(HTTPStatus.NOT_FOUND),
    },
)
def get_file(database: Db, task_id: TaskId, evidence_id: EvidenceId) -> Response:
    """Return a video or document as a download: a browser opens and runs nothing of it."""
    with database.read() as connection:
        found = find_file(connection, task_id, evidence_id)
    if found is None or found["media_type"] == JPEG:
        raise NotFound(f"The task {task_id} has no video or document {evidence_id}.")
    name = f"task-{task_id}-{evidence_id}.{'mp4' if found['media_type'] == MP4 else 'pdf'}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(found["content"], media_type=found["media_type"], headers=headers)
