"""One table: what went wrong → status and problem document (RFC 9457). Clients never see a stack trace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from rencheng.domain.errors import RenchengError, StoreUnavailable
from rencheng.runtime.logs import get_logger
from services.api.http.headers import SECURITY_HEADERS

log = get_logger("api")

MEDIA_TYPE = "application/problem+json"


class ClientError(RenchengError):
    """What was asked for cannot be answered, for the asker's sake. `more` goes into the problem document."""

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.more = more


class Unauthenticated(ClientError):
    """No key, or none that is in force."""


class Forbidden(ClientError):
    """The key lacks the scope."""


class NotFound(ClientError):
    """There is no such thing."""


class InvalidParameter(ClientError):
    """A parameter has a value that cannot be."""


class TooMuch(ClientError):
    """The answer would be too large; the detail says which question to ask instead."""


class ResolutionNotKept(ClientError):
    """What so fine an answer would be made of was dropped; the detail says which question to ask instead."""


class TooManyStreams(ClientError):
    """Every place for a stream is taken."""


class Problem(BaseModel):
    """A problem document (RFC 9457). `type` is stable; the words are for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:rencheng:problem:not-found",
                    "title": "No such thing",
                    "status": 404,
                    "detail": "There is no device 'gauge-7'.",
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time, and what to do.")
    errors: list[dict[str, Any]] | None = Field(None, description="Validation only: where, and why.")
    suggested_bucket: str | None = Field(None, description="Too much and too fine only: the bucket that would do.")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem."""

    status: HTTPStatus
    name: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


PROBLEMS: dict[type[Exception], ProblemKind] = {
    Unauthenticated: ProblemKind(HTTPStatus.UNAUTHORIZED, "unauthenticated", "A key is needed"),
    Forbidden: ProblemKind(HTTPStatus.FORBIDDEN, "forbidden", "The key does not reach so far"),
    NotFound: ProblemKind(HTTPStatus.NOT_FOUND, "not-found", "No such thing"),
    InvalidParameter: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "A parameter cannot be so"),
    TooMuch: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "too-much", "The answer would be too large"),
    ResolutionNotKept: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "too-fine", "Nothing so fine is kept of that time"),
    RequestValidationError: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "A parameter cannot be so"),
    StoreUnavailable: ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The database cannot answer now", {"Retry-After": "5"}
    ),
    TooManyStreams: ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "too-many-streams", "All streams are taken", {"Retry-After": "10"}
    ),
    Exception: ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "A fault of ours"),
}


def install(app: FastAPI) -> None:
    """Let every error of the app leave as a problem document."""
    app.add_exception_handler(HTTPException, _from_framework)
    for error in PROBLEMS:
        app.add_exception_handler(error, _from_table)


def describe(app: FastAPI) -> None:
    """Tell the OpenAPI document, once all routes are there, what a problem document looks like."""
    app.openapi()["components"]["schemas"]["Problem"] = Problem.model_json_schema()


def described(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """These answers, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles: dict[HTTPStatus, dict[str, None]] = {}
    for kind in PROBLEMS.values():
        titles.setdefault(kind.status, {})[kind.title] = None
    return {status.value: {"description": "; ".join(titles[status]), "content": content} for status in statuses}


async def _from_table(request: Request, error: Exception) -> JSONResponse:
    kind = next(PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS)
    more: dict[str, object] = {}
    detail, headers = str(error), dict(kind.headers)
    if isinstance(error, ClientError):
        more, headers = error.more, headers | error.headers
    elif isinstance(error, RequestValidationError):
        detail = "See errors for the parameters, and /docs for what they take."
        more["errors"] = [{"where": list(each["loc"]), "why": each["msg"]} for each in error.errors()]
    else:  # what the server says about itself is for the log, not for clients
        log.warning("no answer", path=request.url.path, why=str(error), exc_info=kind.name == "internal")
        detail = "Ask again in a few seconds." if "Retry-After" in headers else "It has been logged. Tell the operator."
    return _problem(kind.status, name=kind.name, title=kind.title, detail=detail, headers=headers, more=more)


async def _from_framework(_request: Request, error: Exception) -> JSONResponse:
    """No such path, or no such method on it."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is installed for this class alone
    status = HTTPStatus(error.status_code)
    name = "not-found" if status is HTTPStatus.NOT_FOUND else status.phrase.lower().replace(" ", "-")
    detail = "There is nothing at this address; /docs lists what there is."
    return _problem(status, name=name, title=status.phrase, detail=detail, headers=error.headers or {}, more={})


def _problem(
    status: HTTPStatus, *, name: str, title: str, detail: str, headers: Mapping[str, str], more: Mapping[str, object]
) -> JSONResponse:
    document = {"type": f"urn:rencheng:problem:{name}", "title": title, "status": status.value, "detail": detail}
    return JSONResponse(
        jsonable_encoder({**document, **more}),
        status_code=status.value,
        media_type=MEDIA_TYPE,
        # a fault of ours leaves by a door outside the middleware that adds these
        headers=SECURITY_HEADERS | dict(headers),
    )
