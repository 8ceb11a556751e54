"""Contact methods of subscribers: list, add, test, probe, rotate the secret, end. Addresses are never shown again."""

from datetime import datetime, time
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from rencheng.operations import contacts as operations
from rencheng.operations.people import add_person_contact
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outcome import FAILING_AFTER
from rencheng.schemas.fields import Identifier, Text
from rencheng.store.core.sessions import Row
from rencheng.store.places import of_people
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.contacts import list_contacts
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import ByPerson, BySubscriber, Db, Zone
from services.api.http.errors import InvalidParameter, problem_responses
from services.api.http.models import ApiModel, example, present
from services.api.http.refusals import refusals
from services.api.routes.delivery.reach import (
    is_contact_reached,
    require_contact,
    require_subscriber,
    require_worlds_in_reach,
)

router = APIRouter(route_class=ChangeRoute, prefix="/contact-methods", tags=["delivery"])

_METHOD: dict[str, Any] = {
    "method_id": 7,
    "subscriber_id": "traffic-police",
    "person_id": None,
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
    "quiet_from": None,
    "quiet_until": None,
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

    subscriber_id: Identifier | None = None
    """The subscriber; not together with `person_id`."""
    person_id: Identifier | None = None
    """The person who is called at this address once its code was typed back."""

    @model_validator(mode="after")
    def _has_one_owner(self) -> "ContactRequest":
        if (self.subscriber_id is None) == (self.person_id is None):
            raise ValueError("name subscriber_id or person_id, one of them")
        return self


class ContactCode(BaseModel):
    """The code of a test message."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "024681"}]})

    code: Annotated[str, StringConstraints(pattern="^[0-9]{6}$")]


class DisabledContact(BaseModel):
    """Why nothing is sent to a contact method for now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "number changes"}]})

    reason: Text


class ContactMethod(ApiModel):
    """A contact method 联系方式 with its masked address, and how its endpoint does."""

    model_config = example(**_METHOD)

    method_id: int
    subscriber_id: str | None
    person_id: str | None
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
    quiet_from: time | None
    quiet_until: time | None
    """Below red a person is not called by this method between these local times."""
    proved_at: datetime | None
    """When a test message last arrived, or a person last typed its code back or answered from it; null: never."""
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
    person_id: ByPerson = None,
) -> ContactMethods:
    """Return the contact methods in use. Addresses are masked."""
    with database.read() as connection:
        rows = list_contacts(connection, subscriber_id=subscriber_id, person_id=person_id)
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
    """Add a contact method. The secret of a webhook is in the answer, once.

    A repetition gets the same number. A person is called by it once the code of a test message was typed back.
    """
    require_worlds_in_reach(caller, form.worlds)
    with refusals(), database.write() as connection:
        if form.person_id is not None:
            caller.require(of_people(connection, [form.person_id]))
            method_id, secret = add_person_contact(
                connection, form.person_id, form, _cipher(request), actor=caller.actor
            )
        else:
            owner = str(require_subscriber(connection, caller, form.subscriber_id or "")["subscriber_id"])
            method_id, secret = operations.add_contact(connection, owner, form, _cipher(request), actor=caller.actor)
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
    "/{method_id}/proof",
    summary="Type the code of a test message back 验证联系方式",
    operation_id="prove_contact_method",
    responses=_NOT_FOUND,
)
def post_proof(database: Db, caller: Caller, zone: Zone, method_id: MethodId, proof: ContactCode) -> ContactMethod:
    """Prove a person's contact method by the code of the last test message. After five wrong ones send another."""
    with refusals(), database.write() as connection:
        require_contact(connection, caller, method_id)
        is_right = operations.prove_contact(connection, method_id, proof.code, actor=caller.actor)
        shown = _present(require_contact(connection, caller, method_id), zone)
    if not is_right:
        raise InvalidParameter(f"It proves nothing: {operations.WRONG_CODE}.")
    return shown


@router.post(
    "/{method_id}/disable",
    summary="Send nothing for now 暂停联系方式",
    operation_id="disable_contact_method",
    responses=_NOT_FOUND,
)
def post_disable(
    database: Db, caller: Caller, zone: Zone, method_id: MethodId, disabled: DisabledContact
) -> ContactMethod:
    """Send nothing more to a contact method until a test message arrives there. What is due waits."""
    with refusals(), database.write() as connection:
        require_contact(connection, caller, method_id)
        operations.disable_contact(connection, method_id, disabled.reason, actor=caller.actor)
        return _present(require_contact(connection, caller, method_id), zone)


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
