"""One table: exception → status and problem document (RFC 9457). A response never contains a stack trace."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rencheng.domain.errors import RenchengError, StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.schemas.findings import FINDINGS_SHOWN_MAX
from services.api.http.headers import SECURITY_HEADERS
from services.api.http.observer import REQUEST_ID, request_id_of
from services.api.http.problem import Problem

log = get_logger("api")

MEDIA_TYPE = "application/problem+json"

NAME_SHOWN_MAX = 100
"""The most characters shown of a name that the client chose."""


class ClientError(RenchengError):
    """A request that the client must change. `more` is added to the problem document."""

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.more = more


class AuthenticationRequired(ClientError):
    """The request has no key, or one that is not in force."""


class InsufficientScope(ClientError):
    """The key does not list the required scope."""


class OutOfReach(ClientError):
    """The key is bound to other regions or worlds."""


class SignatureRequired(ClientError):
    """The callback is not signed by its provider, or too old."""


class CrossSiteRequest(ClientError):
    """A changing request of a session that does not prove that it comes from our own pages."""


class NeedsConfirmation(ClientError):
    """A dangerous change that must be confirmed. The detail says what it does, and how to confirm it."""


class Conflict(ClientError):
    """The object has ended or was decided since; ask for its present state."""


class PreconditionFailed(ClientError):
    """The object was changed since the client read it."""


class NotFound(ClientError):
    """The resource does not exist."""


class InvalidParameter(ClientError):
    """A parameter has an invalid value."""


class QueryInvalid(ClientError):
    """A SensorThings query that cannot be read."""


class QueryNotSupported(ClientError):
    """A SensorThings query of a part of the standard that is not answered here."""


class ResponseTooLarge(ClientError):
    """The response would be too large. The detail names a request that works."""


class ResolutionNotKept(ClientError):
    """The data for buckets of this width was deleted. The detail names a request that works."""


class TooManyStreams(ClientError):
    """The limit of open streams is reached."""


class TooManyStreamsOfKey(ClientError):
    """The limit of open streams of one key is reached."""


class TooManyRequests(ClientError):
    """A key or an address asks more often than it may."""


class ContentTooLarge(ClientError):
    """The body is larger than the route accepts."""


REFUSALS = (ClientError, StoreUnavailable)
"""Errors for which a request is refused before its handler runs."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem."""

    status: HTTPStatus
    name: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


PROBLEMS: dict[type[Exception], ProblemKind] = {
    AuthenticationRequired: ProblemKind(HTTPStatus.UNAUTHORIZED, "authentication-required", "Authentication required"),
    InsufficientScope: ProblemKind(HTTPStatus.FORBIDDEN, "insufficient-scope", "Insufficient scope"),
    OutOfReach: ProblemKind(HTTPStatus.FORBIDDEN, "out-of-reach", "Out of reach"),
    SignatureRequired: ProblemKind(HTTPStatus.FORBIDDEN, "signature-required", "Signature required"),
    CrossSiteRequest: ProblemKind(HTTPStatus.FORBIDDEN, "cross-site-request", "Cross-site request"),
    NeedsConfirmation: ProblemKind(HTTPStatus.CONFLICT, "confirmation-required", "Confirmation required"),
    Conflict: ProblemKind(HTTPStatus.CONFLICT, "conflict", "Conflict"),
    PreconditionFailed: ProblemKind(HTTPStatus.PRECONDITION_FAILED, "precondition-failed", "Precondition failed"),
    NotFound: ProblemKind(HTTPStatus.NOT_FOUND, "not-found", "Not found"),
    InvalidParameter: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-parameter", "Invalid parameter"),
    QueryInvalid: ProblemKind(HTTPStatus.BAD_REQUEST, "query-invalid", "Query invalid"),
    QueryNotSupported: ProblemKind(HTTPStatus.NOT_IMPLEMENTED, "query-not-supported", "Query not supported"),
    ResponseTooLarge: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "response-too-large", "Response too large"),
    ResolutionNotKept: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "resolution-not-kept", "Resolution not kept"),
    RequestValidationError: ProblemKind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-parameter", "Invalid parameter"),
    StoreUnavailable: ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "service-unavailable", "Service unavailable", {"Retry-After": "5"}
    ),
    TooManyStreams: ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "too-many-streams", "Too many streams", {"Retry-After": "10"}
    ),
    TooManyStreamsOfKey: ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS, "too-many-streams-of-key", "Too many streams of one key", {"Retry-After": "10"}
    ),
    TooManyRequests: ProblemKind(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
    ContentTooLarge: ProblemKind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", "Content too large"),
    Exception: ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-server-error", "Internal server error"),
}

_OF_FRAMEWORK: dict[HTTPStatus, tuple[ProblemKind, str]] = {
    HTTPStatus.BAD_REQUEST: (
        ProblemKind(HTTPStatus.BAD_REQUEST, "unreadable-body", "Unreadable body"),
        "The body cannot be read. Send JSON in UTF-8 that is not nested too deeply.",
    ),
    HTTPStatus.NOT_FOUND: (
        ProblemKind(HTTPStatus.NOT_FOUND, "not-found", "Not found"),
        "There is no such route. See /docs for all routes.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        ProblemKind(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
        "This route does not have this method. The field Allow lists the methods that it has.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (
        ProblemKind(HTTPStatus.REQUEST_TIMEOUT, "request-timeout", "Request timeout"),
        "The body did not arrive in time. Send it again over a faster connection, or in parts.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        PROBLEMS[ContentTooLarge],
        "The body is larger than this route accepts. Send less in one request.",
    ),
}
"""Errors that the framework raises, and what to do about each."""


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(HTTPException, _from_framework)
    for error in PROBLEMS:
        app.add_exception_handler(error, answer)


def add_problem_schema(app: FastAPI) -> None:
    """Add the schema of a problem document to the OpenAPI document. Call it after all routes are included."""
    app.openapi()["components"]["schemas"]["Problem"] = Problem.model_json_schema()


def problem_responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of these error responses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles: dict[HTTPStatus, dict[str, None]] = {}
    for kind in (*PROBLEMS.values(), *(kind for kind, _ in _OF_FRAMEWORK.values())):
        titles.setdefault(kind.status, {})[kind.title] = None
    return {status.value: {"description": "; ".join(titles[status]), "content": content} for status in statuses}


async def answer(request: Request, error: Exception) -> JSONResponse:
    """Return the problem document of an error."""
    kind = next(PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS)
    more: dict[str, object] = {}
    detail, headers = str(error), dict(kind.headers)
    if isinstance(error, ClientError):
        more, headers = error.more, headers | error.headers
    elif isinstance(error, RequestValidationError):
        detail = "See `errors` for the parameters, and /docs for their values."
        more["errors"] = _findings(error)
    else:  # details of the server go to the log, not to clients
        log.warning(
            "request failed",
            request_id=request_id_of(request.scope),
            path=request.url.path,
            why=str(error),
            exc_info=kind.status is HTTPStatus.INTERNAL_SERVER_ERROR,
        )
        is_temporary = "Retry-After" in headers
        detail = (
            "Try again in a few seconds." if is_temporary else "The error was logged. Tell the operator its instance."
        )
    return _problem(request, kind, detail, headers, more)


async def _from_framework(request: Request, error: Exception) -> JSONResponse:
    """Answer an unknown path, a method that the path does not have, or a body that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101 - installed for this class only
    status = HTTPStatus(error.status_code)
    of_phrase = ProblemKind(status, status.phrase.lower().replace(" ", "-"), status.phrase.capitalize())
    kind, detail = _OF_FRAMEWORK.get(status, (of_phrase, "See /docs for all routes."))
    return _problem(request, kind, detail, error.headers or {}, {})


def _findings(error: RequestValidationError) -> list[dict[str, Any]]:
    """Return the first faults of a request. A client may name fields as it likes, so that names are cut."""
    return [
        {
            "where": [step[:NAME_SHOWN_MAX] if isinstance(step, str) else step for step in each["loc"]],
            "why": each["msg"].removeprefix("Value error, "),
        }
        for each in error.errors()[:FINDINGS_SHOWN_MAX]
    ]


class ProblemResponse(JSONResponse):
    """A problem document. Half of a surrogate pair, which a client may have sent, is written as an escape."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        """Encode the document."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _problem(
    request: Request, kind: ProblemKind, detail: str, headers: Mapping[str, str], more: Mapping[str, object]
) -> JSONResponse:
    if request.url.path.startswith("/sta/"):  # its clients read `code` and `message`, and know 400, not 422
        kind = PROBLEMS[QueryInvalid] if kind.name == "invalid-parameter" else kind
        more = {"code": kind.status.value, "message": detail, **more}
    document = {
        "type": f"urn:rencheng:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
    }
    # an uncaught exception is answered outside the middleware that adds these headers
    own_headers = dict(SECURITY_HEADERS)
    if request_id := request_id_of(request.scope):
        document["instance"] = f"urn:rencheng:request:{request_id}"
        own_headers[REQUEST_ID] = request_id
    return ProblemResponse(
        jsonable_encoder({**document, **more}), status_code=kind.status.value, headers=own_headers | dict(headers)
    )
