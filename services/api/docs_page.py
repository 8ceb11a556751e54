"""The page at /docs: the OpenAPI document as HTML, without scripts or external resources."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:#1a2733;max-width:62rem;margin:2rem auto}
body{padding:0 1rem}
code{font-family:ui-monospace,monospace;background:#eef3f7;padding:.1em .3em;border-radius:3px}
h2{margin-top:2.5rem;border-bottom:2px solid #1f6fb2}
article{margin:1.2rem 0}
h3{margin:.2rem 0;font-size:1rem}
table{border-collapse:collapse;margin:.4rem 0}
td{padding:.1rem .8rem .1rem 0;vertical-align:top}
.scope{color:#8a4b00}
"""

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        f" style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
    )
}


@router.get("/docs")
def show_docs(request: Request) -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(render(request.app.openapi()), headers=_HEADERS)


def render(document: Mapping[str, Any]) -> str:
    """Render an OpenAPI document as HTML."""
    title = escape(document["info"]["title"])
    return "".join(
        (
            f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} API</title>',
            '<meta name="viewport" content="width=device-width"><style>',
            _STYLE,
            f"</style></head><body><h1>{title} API</h1>",
            *(f"<p>{_with_code(part)}</p>" for part in document["info"]["description"].strip().split("\n\n")),
            '<p>OpenAPI: <a href="/openapi.json">/openapi.json</a></p>',
            *(part for tag in document["tags"] for part in _section(document, tag)),
            "</body></html>",
        )
    )


def _section(document: Mapping[str, Any], tag: Mapping[str, str]) -> Iterator[str]:
    yield f"<section><h2>{escape(tag['description'])}</h2>"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag["name"] in operation["tags"]:
                yield from _operation(document, f"{method.upper()} {path}", operation)
    yield "</section>"


def _operation(document: Mapping[str, Any], call: str, operation: Mapping[str, Any]) -> Iterator[str]:
    scopes = {scope for scheme in operation.get("security", ()) for listed in scheme.values() for scope in listed}
    shown_scopes = f' <span class="scope">{escape(" ".join(sorted(scopes)))}</span>' if scopes else ""
    yield f'<article id="{escape(operation["operationId"])}"><h3><code>{escape(call)}</code>{shown_scopes}</h3>'
    yield f"<p><b>{escape(operation['summary'])}</b><br>{_with_code(operation.get('description', ''))}</p><table>"
    for parameter in operation.get("parameters", ()):
        name = escape(parameter["name"]) + (" *" if parameter.get("required") else "")
        text = " ".join((_with_code(parameter.get("description", "")), *_choices(document, parameter["schema"])))
        yield f"<tr><td><code>{name}</code></td><td>{text}</td></tr>"
    yield "</table></article>"


def _choices(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the choices of a parameter, if it has any, and its default."""
    for each in (schema, *schema.get("anyOf", ())):
        named = document["components"]["schemas"].get(each.get("$ref", "").rpartition("/")[2], each)
        yield from (f"<code>{escape(str(word))}</code>" for word in named.get("enum", ()))
    if (default := schema.get("default")) is not None:
        yield f"<small>= {escape(str(default))}</small>"


def _with_code(text: str) -> str:
    """Escape the text and mark `code` in it."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
