"""What a person does with the own login: password, second factor, sessions, sign out."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from rencheng.operations import sign_in as operations
from rencheng.operations.sign_in import Password
from rencheng.store.access.person_logins import PersonLogin, lock_login
from rencheng.store.access.person_sessions import list_sessions
from rencheng.store.core.sessions import Connection
from rencheng.store.response.cipher import REMEDY, ContactCipher
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import Db, Zone
from services.api.http.errors import InvalidParameter, TooManyRequests
from services.api.http.models import ApiModel, example
from services.api.http.refusals import refusals
from services.api.routes.identity.login import cipher_of, cookie_of
from services.api.routes.identity.sessions import ShownSessions, shown_session

router = APIRouter(prefix="/me", tags=["identity"])

Code = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
_URI = "otpauth://totp/Rencheng:zhang-wei?secret=JBSWY3DPEHPK3PXP&issuer=Rencheng"


class PasswordChange(BaseModel):
    """The password until now, and the new one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"old": "x2Zb8-once-only", "new": "four dry summer words"}]}
    )

    old: Password
    new: Password


class OwnPassword(BaseModel):
    """The password, to prove that it is the person who asks."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "four dry summer words"}]})

    password: Password


class OwnCode(BaseModel):
    """A code of the second factor."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "024681"}]})

    code: Code


class SecondFactor(ApiModel):
    """A second factor 动态验证码. It is shown once, and required after a code of it was confirmed."""

    model_config = example(uri=_URI)

    uri: str
    """For an authenticator app, as a QR code or typed."""


@router.put("/password", summary="Set the own password 修改密码", operation_id="set_own_password", status_code=204)
def put_password(request: Request, database: Db, caller: Caller, change: PasswordChange) -> None:
    """Set a password of at least 12 characters. All other sessions of the person end."""
    _require_own(request, database, caller, change.old)
    with refusals(), database.write() as connection:
        session_id = caller.session.session_id if caller.session else None
        person_id = _login(connection, caller).person_id
        operations.set_password(connection, person_id, change.new, keep_session=session_id, actor=caller.actor)


@router.post("/second-factor", summary="Ask for a second factor 申请动态验证码", operation_id="offer_second_factor")
def post_second_factor(request: Request, database: Db, caller: Caller, given: OwnPassword) -> SecondFactor:
    """Return a secret for an authenticator app (TOTP), once."""
    cipher = _cipher(request)
    _require_own(request, database, caller, given.password)
    with refusals(), database.write() as connection:
        login = _login(connection, caller)
        return SecondFactor(uri=operations.offer_second_factor(connection, login, cipher, actor=caller.actor))


@router.post(
    "/second-factor/confirmation",
    summary="Require the second factor 启用动态验证码",
    operation_id="confirm_second_factor",
    status_code=HTTPStatus.NO_CONTENT,
)
def post_confirmation(request: Request, database: Db, caller: Caller, given: OwnCode) -> None:
    """Require codes from now on. Only the command `rencheng login give` removes a second factor."""
    cipher = _cipher(request)
    with refusals(), database.write() as connection:
        login = _login(connection, caller)
        now = datetime.now(UTC)
        operations.confirm_second_factor(connection, login, given.code, cipher, at=now, actor=caller.actor)


@router.get("/sessions", summary="List own sessions 我的会话", operation_id="list_own_sessions")
def get_sessions(database: Db, caller: Caller, zone: Zone) -> ShownSessions:
    """Return the sessions of the person who asks."""
    if caller.person_id is None or caller.session is None:
        return ShownSessions(items=[])
    with database.read() as connection:
        found = list_sessions(connection, person_id=caller.person_id)
    return ShownSessions(items=[shown_session(session, zone) for session in found])


@router.delete("/session", summary="Sign out 退出登录", operation_id="sign_out", status_code=HTTPStatus.NO_CONTENT)
def delete_session(request: Request, response: Response, database: Db, caller: Caller) -> None:
    """End the session that asks."""
    if caller.session is None:
        raise InvalidParameter("A key has no session. `DELETE /v1/keys/{key_id}` revokes it.")
    with refusals(), database.write() as connection:
        operations.end_session(connection, caller.session.session_id, actor=caller.actor)
    cookie_of(request).clear(response)


def _require_own(request: Request, database: Db, caller: Principal, password: str) -> None:
    """Check the password of the person who asks. A failure counts as one to sign in, and is written."""
    with database.write() as connection:
        login = _login(connection, caller)
        plain = PersonLogin(**{name: getattr(login, name) for name in PersonLogin.__dataclass_fields__} | _NO_CODE)
        now = datetime.now(UTC)
        result = operations.check_password(connection, plain, password, "", cipher_of(request), at=now)
    if result.locked_until is not None:
        raise TooManyRequests("Too many attempts failed. Wait some minutes.", headers={"Retry-After": "60"})
    if result.person_id is None:
        raise InvalidParameter("The password until now is wrong. 原密码不正确。")


_NO_CODE = {"second_factor_on": False}
"""Who has a session has shown a code already."""


def _login(connection: Connection, caller: Principal) -> PersonLogin:
    login = None
    if caller.session is not None and caller.person_id is not None:
        login = lock_login(connection, caller.person_id)
    if login is None:
        raise InvalidParameter("You have no password here. Only a person who signed in with a password has one.")
    return login


def _cipher(request: Request) -> ContactCipher:
    cipher = cipher_of(request)
    if cipher is None:
        raise InvalidParameter(f"A second factor needs {REMEDY}.")
    return cipher
