"""The page of a link by which a person reports about tasks.

GET and HEAD never act, because mail scanners and chat previews open links. The page has no script; a person presses a
button. A link shows the tasks of its person at one place and nothing else, signs nothing, and is no login.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from http import HTTPStatus
from typing import Annotated

import anyio
from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse

from rencheng.domain.bounds import plain_text
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.evidence_files import FILE_BYTES_MAX, read_attachment
from rencheng.operations.task_messages import TaskSender
from rencheng.operations.tasks import Reporter, TaskMove, move_task, open_tasks_of_person, report_evidence
from rencheng.response.tasks.plan import FILE_KINDS, ProofKind
from rencheng.response.tasks.task import TaskState
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.registry.sites import find_sites
from rencheng.store.tasks.evidence import GivenEvidence
from rencheng.store.tasks.incidents import find_incident
from rencheng.store.tasks.links import find_task_link
from rencheng.store.tasks.tasks import StoredTask
from services.api.deps import Db, TaskNewsSender

router = APIRouter(include_in_schema=False)

BODY_MAX = FILE_BYTES_MAX + 64 * 2**10
"""The largest body, bytes: a file and the fields beside it."""

DEPTH_MAX_MM = 20_000

Token = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{20,40}$")]

_MOVES = {
    TaskMove.ACCEPT: ("接受", "I take it"),
    TaskMove.ARRIVE: ("到岗", "I am on site"),
    TaskMove.FINISH: ("完成", "It is done"),
    TaskMove.GIVE_BACK: ("无法承担", "I cannot do it"),
    TaskMove.BLOCK: ("受阻", "Nobody can do it now"),
    TaskMove.UNBLOCK: ("可继续", "It can be done again"),
}

_STATES = {
    TaskState.OPEN: ("待接受", "open"),
    TaskState.ACCEPTED: ("已接受", "accepted"),
    TaskState.ON_SITE: ("已到岗", "on site"),
    TaskState.CANNOT: ("受阻", "cannot be done"),
    TaskState.DONE: ("已完成，待核验", "done, to be checked"),
}

_KINDS = {
    ProofKind.PHOTO: ("照片", "photo"),
    ProofKind.VIDEO: ("视频", "video"),
    ProofKind.DOCUMENT: ("文件", "document"),
    ProofKind.DEPTH: ("水深", "depth"),
    ProofKind.NOTE: ("说明", "note"),
    ProofKind.CALL: ("通话记录", "call"),
    ProofKind.STATE: ("设备状态", "state of the device"),
    ProofKind.HIDDEN_DANGER: ("隐患", "hidden danger"),
}

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
}

_STYLE = (
    "body{font:18px/1.5 sans-serif;max-width:32em;margin:1.5em auto;padding:0 1em}"
    "button,input,select{font:inherit;padding:.5em;margin:.3em 0;width:100%;box-sizing:border-box}"
    "section{border-top:2px solid #888;margin-top:1em}"
)


@router.get("/tasks/{token}")
def show_tasks(database: Db, token: Token) -> Response:
    """Return the page with the tasks. Nothing changes."""
    with database.read() as connection:
        link = find_task_link(connection, token)
        return _gone() if link is None else _page(_tasks(connection, link))


@router.post("/tasks/{token}")
async def take_report(request: Request, database: Db, send: TaskNewsSender, token: Token) -> Response:
    """Take the report of a button. The body is read only if the link is in force."""
    if not await anyio.to_thread.run_sync(_is_in_force, database, token):
        return _gone()
    async with request.form(max_files=1, max_fields=10, max_part_size=BODY_MAX) as form:
        photo = form.get("photo")
        content = await photo.read() if isinstance(photo, UploadFile) else b""
        return await anyio.to_thread.run_sync(partial(_take, database, send, token, form, content))


def _is_in_force(database: Db, token: str) -> bool:
    with database.read() as connection:
        return find_task_link(connection, token) is not None


def _take(database: Db, send: TaskSender, token: str, form: FormData, content: bytes) -> Response:
    try:
        with database.write() as connection:
            link = find_task_link(connection, token)
            if link is None:
                return _gone()
            _report(connection, send, link, form, content)
            return _page("<p>已记录。Recorded.</p>" + _tasks(connection, link))
    except NotPossible as error:
        with database.read() as connection:
            link = find_task_link(connection, token)
            tasks = _tasks(connection, link) if link else ""
        return _page(f"<p>未生效。Not recorded: {escape(str(error))}.</p>{tasks}", HTTPStatus.UNPROCESSABLE_ENTITY)


def _report(connection: Connection, send: TaskSender, link: Row, form: FormData, content: bytes) -> None:
    person = link["person_id"]
    by = Reporter(person, f"link of {person}", "link")
    found = open_tasks_of_person(connection, link["warning_id"], person)
    number, what, note = _text(form, "task"), _text(form, "what"), _text(form, "note")
    if number not in {str(one.task_id) for one in found}:
        raise NotPossible("the task is over, or is not yours")
    if what in set(TaskMove):
        move_task(connection, int(number), TaskMove(what), by, note=note, send=send)
        return
    if what not in set(ProofKind):
        raise NotPossible("no button was pressed")
    kind = ProofKind(what)
    file = read_attachment(content, datetime.now(UTC)) if kind in FILE_KINDS else None
    if file is not None:
        kind = file.kind
    depth_mm = _depth(_text(form, "depth_mm")) if kind is ProofKind.DEPTH else None
    if file is None and depth_mm is None and not note:
        raise NotPossible("say in the field beside it what was seen or agreed")
    given = GivenEvidence(kind, person, by.actor, by.via, note, depth_mm, file)
    report_evidence(connection, int(number), given, by, send=send)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    try:
        return plain_text(value.strip()[:200]) if isinstance(value, str) else ""
    except ValueError as error:
        raise NotPossible(str(error)) from None


def _depth(text: str) -> float:
    try:
        depth_mm = float(text)
    except ValueError:
        raise NotPossible("the depth is a number of millimetres") from None
    if not 0 <= depth_mm <= DEPTH_MAX_MM:
        raise NotPossible(f"the depth lies between 0 and {DEPTH_MAX_MM:,} mm")
    return depth_mm


def _tasks(connection: Connection, link: Row) -> str:
    incident = find_incident(connection, link["warning_id"])
    site = find_sites(connection, [incident.site_id]).get(incident.site_id) if incident else None
    zh, en = (escape(site.name_zh), escape(site.name_en)) if site else ("", "")
    drill = "" if site is None or site.world == ACTUAL else "【演练】 Exercise: "
    tasks = open_tasks_of_person(connection, link["warning_id"], link["person_id"])
    listed = "".join(_task(one) for one in tasks) or "<p>没有待办任务。Nothing is left to do.</p>"
    return f"<h1>{drill}{zh} {en}</h1>{listed}"


def _task(stored: StoredTask) -> str:
    task, template = stored.task, stored.task.template
    zh, en = _STATES[task.state]
    due = f"{task.due_at.astimezone(CITY_ZONE):%H:%M}"
    missing = _names([_KINDS[kind] for kind in task.missing_evidence])
    lines = [
        f"<h2>{escape(template.title_zh)}</h2><p>{escape(template.title_en)}</p>",
        f"<p>{due} 前完成 by {due}; {zh} {en}</p>",
        f"<p>尚需 still needed: {missing}</p>" if missing else "",
    ]
    hidden = f'<input type="hidden" name="task" value="{stored.task_id}">'
    note = '<input name="note" maxlength="200" placeholder="说明 note">'
    moves = _buttons({move.value: names for move, names in _MOVES.items()})
    kinds = (ProofKind.NOTE, ProofKind.CALL, ProofKind.STATE, ProofKind.HIDDEN_DANGER)
    texts = _buttons({kind.value: _KINDS[kind] for kind in kinds})
    depth = '<input name="depth_mm" inputmode="decimal" placeholder="水深 depth, mm">'
    photo = '<input type="file" name="photo" accept="image/jpeg,image/png,video/mp4,application/pdf">'
    pick = _buttons({"photo": ("照片、视频、文件", "photo, video or PDF")})
    forms = (
        f'<form method="post">{hidden}{note}{moves}{texts}</form>'
        f'<form method="post">{hidden}{depth}{_buttons({"depth": _KINDS[ProofKind.DEPTH]})}</form>'
        f'<form method="post" enctype="multipart/form-data">{hidden}{photo}'
        f"{pick}</form>"
    )
    return f"<section>{''.join(lines)}{forms}</section>"


def _names(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{zh} {en}" for zh, en in pairs)


def _buttons(names: dict[str, tuple[str, str]]) -> str:
    return "".join(f'<button name="what" value="{what}">{zh} {en}</button>' for what, (zh, en) in names.items())


def _gone() -> Response:
    text = "<p>链接已失效。请拨打值班电话。</p><p>This link is not valid any more. Telephone the duty office.</p>"
    return _page(text, HTTPStatus.NOT_FOUND)


def _page(content: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>任务</title>'
    page = f'<!doctype html><html lang="zh"><head>{meta}<style>{_STYLE}</style></head><body>{content}</body></html>'
    return HTMLResponse(page, status_code=status, headers=_HEADERS)
