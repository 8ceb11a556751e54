"""The page of a link by which a person answers a call.

GET and HEAD never act, because mail scanners and chat previews open links. The page has no script; a person presses a
button. A link shows its place and level and nothing else, and is no login.
"""

from html import escape
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

import anyio
from fastapi import APIRouter, Path, Request, Response
from starlette.responses import HTMLResponse

from rencheng.domain.device import ACTUAL
from rencheng.operations.asks import AskSender
from rencheng.operations.calls import answer_call
from rencheng.response.calls.call import AnswerKind, Call
from rencheng.store.calls.answers import GivenAnswer, find_link
from rencheng.store.calls.calls import find_call
from rencheng.store.core.sessions import Connection
from rencheng.store.registry.sites import find_sites
from services.api.deps import Asks, Db

router = APIRouter(include_in_schema=False)

BODY_MAX = 200
"""The largest body, bytes: one button."""

Token = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{20,40}$")]

_BUTTONS = {
    AnswerKind.RECEIVED: ("收到", "Received"),
    AnswerKind.ACCEPTED: ("接受", "I take it"),
    AnswerKind.ON_SITE: ("到岗", "I am on site"),
    AnswerKind.CANNOT: ("无法到岗", "I cannot come"),
}

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
}

_STYLE = (
    "body{font:18px/1.5 sans-serif;max-width:30em;margin:2em auto;padding:0 1em}"
    "button{font:inherit;display:block;width:100%;padding:.7em;margin:.6em 0}"
)


@router.get("/answers/{token}")
def show_page(database: Db, token: Token) -> Response:
    """Return the page with the buttons. Nothing changes."""
    with database.read() as connection:
        link = find_link(connection, token)
        call = find_call(connection, link["warning_id"]) if link else None
        if link is None or call is None:
            return _gone()
        place = _place(connection, call)
    return _page(_heading(call, place) + _buttons())


@router.post("/answers/{token}")
async def give_answer(request: Request, database: Db, asks: Asks, token: Token) -> Response:
    """Take the answer of a button. The same answer again changes nothing."""
    form = parse_qs((await request.body())[: BODY_MAX + 1].decode("utf-8", "replace"))
    kind = next(iter(form.get("kind", [])), "")
    if kind not in set(AnswerKind):
        text = "<p>没有选择。请返回并按下按钮。</p><p>No button was pressed. Go back and press one.</p>"
        return _page(text, HTTPStatus.BAD_REQUEST)
    return await anyio.to_thread.run_sync(_take, database, asks, token, AnswerKind(kind))


def _take(database: Db, asks: AskSender, token: str, kind: AnswerKind) -> Response:
    with database.write() as connection:
        link = find_link(connection, token)
        call = find_call(connection, link["warning_id"]) if link else None
        if link is None or call is None:
            return _gone()
        given = GivenAnswer(
            call.warning_id, link["person_id"], kind, link["round"], link["ask"], "link", f"link of {link['person_id']}"
        )
        refusal = answer_call(connection, given, asks)
        place = _place(connection, call)
    zh, en = _BUTTONS[kind]
    if refusal:
        text = (
            f"<p>已记录“{zh}”，但未生效。</p><p>{escape(en)}: recorded, but it changes nothing: {escape(refusal)}.</p>"
        )
    else:
        text = f"<p>已记录：{zh}。</p><p>Recorded: {escape(en)}.</p>"
    return _page(_heading(call, place) + text)


def _place(connection: Connection, call: Call) -> tuple[str, str]:
    site = find_sites(connection, [call.site_id]).get(call.site_id)
    return (site.name_zh, site.name_en) if site else (call.site_id, call.site_id)


def _heading(call: Call, place: tuple[str, str]) -> str:
    zh, en = (escape(name) for name in place)
    drill = "" if call.world == ACTUAL else "【演练】 Exercise: "
    return (
        f"<h1>{drill}{zh}：{call.now_level.chinese}预警</h1><p>{en}: {call.now_level.word} warning</p>"
        "<p>请按一个按钮作答。Press one button to answer.</p>"
    )


def _buttons() -> str:
    buttons = "".join(
        f'<button name="kind" value="{kind.value}">{zh} {escape(en)}</button>' for kind, (zh, en) in _BUTTONS.items()
    )
    return f'<form method="post">{buttons}</form>'


def _gone() -> Response:
    text = "<p>链接已失效。请拨打值班电话。</p><p>This link is not valid any more. Telephone the duty office.</p>"
    return _page(text, HTTPStatus.NOT_FOUND)


def _page(content: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>叫应</title>'
    head = f"{meta}<style>{_STYLE}</style>"
    page = f'<!doctype html><html lang="zh"><head>{head}</head><body>{content}</body></html>'
    return HTMLResponse(page, status_code=status, headers=_HEADERS)
