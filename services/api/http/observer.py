"""Give each request an id for logs and problem documents, and count it in the metrics."""

import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.metrics.api import REQUEST_SECONDS, REQUESTS

REQUEST_ID = "x-request-id"

_VALID_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_UNMATCHED = "unmatched"
"""The route label of an address without a route. The address itself is not a label, because clients choose it."""


class RequestObserver:
    """Middleware that sets `request_id` in the log context, adds X-Request-Id, and updates the metrics.

    A client may send an X-Request-Id of its own: up to 64 letters, digits and `. _ : -`.

    Args:
        app: the application.
        templates: the path template of each endpoint, such as /v1/sites/{site_id}.
        clock: measures the seconds of a request.
    """

    def __init__(self, app: ASGIApp, templates: Mapping[object, str], clock: Clock = SYSTEM_CLOCK) -> None:
        self._app = app
        self._templates = templates
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and observe its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _VALID_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started_s, status = self._clock.monotonic_s(), 500  # an error that no handler catches leaves as 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(REQUEST_ID, request_id)
                REQUEST_SECONDS.labels(self._route(scope)).observe(self._clock.monotonic_s() - started_s)
            await send(message)

        try:
            with bound_contextvars(request_id=request_id):
                await self._app(scope, receive, send_with_id)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUESTS.labels(self._route(scope), method, str(status)).inc()

    def _route(self, scope: Scope) -> str:
        return self._templates.get(scope.get("endpoint"), _UNMATCHED)


def request_id_of(scope: Scope) -> str | None:
    """Return the id of a request; None before the middleware has set it."""
    request_id: str | None = scope.get("state", {}).get("request_id")
    return request_id
