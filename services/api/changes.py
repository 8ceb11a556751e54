"""Requests that change something: tried without effect (`dry_run`), or repeated without doing it twice."""

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.routing import APIRoute

from rencheng.store.access.kept_answers import RequestName, claim, keep, release
from rencheng.store.core.sessions import Connection, Transactions
from services.api.auth.principal import principal_of
from services.api.http.errors import InvalidParameter

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

DryRun = Annotated[
    bool, Query(description="true: answer as if the change was made, and change nothing. Passwords in it are void.")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=16,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="A name of this request, such as a UUID. Sent again within 24 hours, it gives the same answer.",
    ),
]


class HeldDatabase:
    """The database of one request: what its handler writes is committed, or not, with its answer.

    Args:
        database: the database.
        response: the response to which handlers add headers.
        request: the name of a request that may be repeated; None for a dry run.
    """

    def __init__(self, database: Transactions, response: Response, request: RequestName | None) -> None:
        self._database = database
        self._response = response
        self._request = request
        self._connection: Connection | None = None
        self._is_written = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run the block in the transaction of the request, so that it sees what was written."""
        assert self._connection is not None  # noqa: S101 - a handler runs within `answer`
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run the block in the transaction of the request."""
        assert self._connection is not None  # noqa: S101 - a handler runs within `answer`
        self._is_written = False
        yield self._connection
        self._is_written = True

    def answer(self, handler: Callable[[], object], status: int) -> object:
        """Return the answer of the handler, or the kept one of the same request.

        A handler that refuses after it wrote, as for a wrong code, keeps what it wrote, also in a dry run.

        Raises:
            InvalidParameter: the name of the request was given to another one.
        """
        refusal: Exception | None = None
        answer: object = None
        with self._database.write() as connection:
            self._connection = connection
            if self._request and (kept := claim(connection, self._request)):
                return self._repeated(kept.answer, is_same=kept.fingerprint == self._request.fingerprint)
            try:
                answer = handler()
            except Exception as error:
                if not self._is_written:
                    raise
                refusal = error
                if self._request:
                    release(connection, self._request)
            else:
                if self._request is None:
                    connection.rollback()
                    _of(answer, self._response).headers["Dry-Run"] = "true"
                elif connection.in_transaction():  # a handler that only checked has rolled back itself
                    keep(connection, self._request, _encode(answer, self._response, status))
        if refusal is not None:
            raise refusal
        return answer

    @staticmethod
    def _repeated(answer: bytes, *, is_same: bool) -> Response:
        if not is_same:
            raise InvalidParameter(
                "This `Idempotency-Key` was sent with another request. Give each request a key of its own, such as a"
                " UUID; to repeat a request, send it unchanged."
            )
        line, _, body = answer.partition(b"\n")
        head = json.loads(line)
        head["headers"]["Idempotent-Replayed"] = "true"
        return Response(body, **head)


class ChangeRoute(APIRoute):
    """A route that offers `dry_run` and `Idempotency-Key` if it changes the database."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - of FastAPI
        if _CHANGING.intersection(options.get("methods") or ()) and _holds_changes(endpoint):
            endpoint = _held(endpoint, options.get("status_code") or HTTPStatus.OK)
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(_hold)]
        super().__init__(path, endpoint, **options)


async def _hold(
    request: Request,
    response: Response,
    *,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
) -> None:
    """Hold the changes of a request that is a dry run or has a key."""
    if not dry_run and idempotency_key is None:
        return
    name = None
    if idempotency_key is not None and not dry_run:
        address = f"{request.method} {request.url.path}?{request.url.query}\0".encode()
        fingerprint = sha256(address + await request.body()).digest()
        route = f"{request.method} {request.scope['route'].path}"
        name = RequestName(principal_of(request).actor, route, idempotency_key, fingerprint)
    request.state.held_database = HeldDatabase(request.app.state.database, response, name)


def _holds_changes(endpoint: Callable[..., Any]) -> bool:
    """Return whether all that a handler changes passes through the database of its request. A replay does not."""
    parameters = inspect.signature(endpoint).parameters
    return "database" in parameters and "replays" not in parameters


def _held(endpoint: Callable[..., Any], status: int) -> Callable[..., Any]:
    @wraps(endpoint)
    def carry_out(**values: Any) -> object:  # noqa: ANN401 - the parameters of any handler
        database = values["database"]
        if not isinstance(database, HeldDatabase):
            return endpoint(**values)
        return database.answer(lambda: endpoint(**values), status)

    return carry_out


def _of(answer: object, response: Response) -> Response:
    return answer if isinstance(answer, Response) else response


def _json(answer: object) -> bytes:
    return json.dumps(jsonable_encoder(answer), ensure_ascii=False, separators=(",", ":")).encode()


def _encode(answer: object, response: Response, status: int) -> bytes:
    """Return an answer as bytes: one line with status, type and headers, and the body."""
    sent = _of(answer, response)
    if isinstance(answer, Response):
        body, media_type = bytes(answer.body), answer.media_type
    else:
        body = b"" if answer is None else _json(answer)
        media_type = "application/json" if body else None
    headers = {name: value for name, value in sent.headers.items() if name not in {"content-length", "content-type"}}
    head = {"status_code": sent.status_code or status, "media_type": media_type, "headers": headers}
    return json.dumps(head).encode() + b"\n" + body
