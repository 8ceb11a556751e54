"""Contact methods of subscribers: list, add, test, probe, rotate the secret, end. Addresses are never shown again."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import ConfigDict

from rencheng.operations import contacts as operations
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outcome import FAILING_AFTER
from rencheng.schemas.fields import Identifier
from rencheng.store.core.sessions import Row
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.contacts import list_contacts
from services.api.auth.guard import Caller
from services.api.deps import BySubscriber, Db, Zone
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example, present
from services.api.http.refusals import refusals
from services.api.routes.delivery.reach import (
    is_contact_reached,
    require_contact,
    require_subscriber,
    require_worlds_in_reach,
)

router = APIRouter(prefix="/contact-methods", tags=["delivery"])

_METHOD: dict[str, Any] = {
    "method_id": 7,
    "subscriber_id": "traffic-police",
    "kind": "webhook",
    "shown": "https://dispatch.example/…",
    "worlds": ["actual"],
    "mode": "every",
    "cap": "link",
    "language": "both",
    "spare": False,
    "template": None,
    "state": "ok",
    "disabled_why": None,
    "failures": 0,
    "proved_at": "2026-07-01T09:00:00+08:00",
    "created_at": "2026-07-01T08:59:00+08:00",
}
_REQUEST: dict[str, Any] = {
    "subscriber_id": "traffic-police",
    "kind": "webhook",
    "address": "https://dispatch.example/rencheng",
}

MethodId = Annotated[int, Path(ge=1, le=2**62, description="The number of the contact method.")]
_NOT_FOUND = problem_responses(HTTPStatus.NOT_FOUND)


class ContactRequest(ContactForm):
    """A contact method to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST]})

    subscriber_id: Identifier


class ContactMethod(ApiModel):
    """A contact method 联系方式 with its masked address, and how its endpoint does."""

    model_config = example(**_METHOD)

    method_id: int
    subscriber_id: str | None
    kind: ContactKind
    shown: str
    worlds: list[str]
    mode: Literal["latest", "every"]
    cap: Literal["none", "link", "inline"]
    language: str
    spare: bool
    template: str | None
    state: Literal["ok", "failing", "disabled", "probing"]
    disabled_why: str | None
    failures: int
    """In succession."""
    proved_at: datetime | None
    """When a test message last arrived; null: never."""
    created_at: datetime


class ContactMethods(ApiModel):
    """Contact methods in use."""

    model_config = example(items=[_METHOD])

    items: list[ContactMethod]


class AddedContact(ApiModel):
    """The number of a new contact method, and the secret of a webhook, which is shown once."""

    model_config = example(method_id=7, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")  # noqa: S106 - an example

    method_id: int
    secret: str | None


class RotatedSecret(ApiModel):
    """A new secret, shown once."""

    model_config = example(secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")  # noqa: S106 - an example

    secret: str


class SentTest(ApiModel):
    """The dispatch of a test message; `/v1/dispatches/{dispatch_id}` says what became of it."""

    model_config = example(dispatch_id="a46a7d8b-188e-5d76-b73f-c519f9cb6515")

    dispatch_id: UUID


@router.get("", summary="List contact methods 联系方式列表", operation_id="list_contact_methods")
def get_contacts(
    database: Db,
    caller: Caller,
    zone: Zone,
    subscriber_id: BySubscriber = None,
) -> ContactMethods:
    """Return the contact methods in use. Addresses are masked."""
    with database.read() as connection:
        rows = list_contacts(connection, subscriber_id=subscriber_id)
        reached = [row for row in rows if is_contact_reached(connection, caller, row)]
    return ContactMethods(items=[_present(row, zone) for row in reached])


@router.post(
    "",
    summary="Add a contact method 新增联系方式",
    operation_id="post_contact_method",
    status_code=HTTPStatus.CREATED,
    responses=_NOT_FOUND,
)
def post_contact(request: Request, database: Db, caller: Caller, form: ContactRequest) -> AddedContact:
    """Add a contact method. The secret of a webhook is in the answer, once."""
    require_worlds_in_reach(caller, form.worlds)
    with refusals(), database.write() as connection:
        require_subscriber(connection, caller, form.subscriber_id)
        method_id, secret = operations.add_contact(
            connection, form.subscriber_id, form, _cipher(request), actor=caller.actor
        )
    return AddedContact(method_id=method_id, secret=secret)


@router.post(
    "/{method_id}/test",
    summary="Send a test message 发送测试消息",
    operation_id="test_contact_method",
    status_code=HTTPStatus.ACCEPTED,
    responses=_NOT_FOUND,
)
def post_test(database: Db, caller: Caller, method_id: MethodId) -> SentTest:
    """Send a test message on the way of a real one.

    To a disabled endpoint it is a probe: if it arrives, the endpoint is enabled, and what waited follows.
    """
    with refusals(), database.write() as connection:
        require_contact(connection, caller, method_id)
        return SentTest(dispatch_id=operations.send_test(connection, method_id, actor=caller.actor))


@router.post(
    "/{method_id}/secret", summary="Rotate the secret 更换密钥", operation_id="rotate_secret", responses=_NOT_FOUND
)
def post_secret(
    request: Request,
    database: Db,
    caller: Caller,
    method_id: MethodId,
    at_once: Annotated[bool, Query(description="true: the old secret stops now, because others know it.")] = False,
) -> RotatedSecret:
    """Replace the secret of a webhook. Both secrets sign for a day."""
    with refusals(), database.write() as connection:
        require_contact(connection, caller, method_id)
        secret = operations.rotate_secret(connection, method_id, _cipher(request), at_once=at_once, actor=caller.actor)
    return RotatedSecret(secret=secret)


@router.delete(
    "/{method_id}",
    summary="End a contact method 停用联系方式",
    operation_id="delete_contact_method",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_NOT_FOUND,
)
def delete_contact(database: Db, caller: Caller, method_id: MethodId) -> None:
    """End a contact method for good. Nothing more is sent to it."""
    with refusals(), database.write() as connection:
        require_contact(connection, caller, method_id)
        operations.end_contact(connection, method_id, actor=caller.actor)


def _cipher(request: Request) -> ContactCipher:
    return ContactCipher(request.app.state.contact_keys)


def _present(row: Row, zone: Zone) -> ContactMethod:
    state = "ok"
    if row["disabled_at"] is not None:
        state = "probing" if row["probing"] else "disabled"
    elif row["failures"] >= FAILING_AFTER:
        state = "failing"
    return ContactMethod.model_validate(present(row, zone) | {"state": state})
