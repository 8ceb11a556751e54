"""Sign in: by password, or a display by its link. Open to everybody, and limited by address."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rencheng.domain.device import ACTUAL
from rencheng.operations import sign_in as operations
from rencheng.operations.sign_in import Password
from rencheng.schemas.fields import Identifier
from rencheng.store.access.person_sessions import LoginSession, verify_session
from rencheng.store.response.cipher import ContactCipher
from services.api.auth.principal import Principal
from services.api.auth.session_cookie import SessionCookie
from services.api.deps import Db, Zone
from services.api.http.errors import AuthenticationRequired, TooManyRequests
from services.api.routes.identity.me import Me, me_of
from services.api.routes.identity.roles import rules_of

router = APIRouter(prefix="/login", tags=["identity"], include_in_schema=False)

BODY_MAX = 4096


class Credentials(BaseModel):
    """The name and the password of a person, and the code if a second factor is in use."""

    model_config = ConfigDict(extra="forbid")

    person_id: Identifier
    password: Password
    code: Annotated[str, StringConstraints(pattern=r"^(\d{6})?$")] = ""


class DisplayToken(BaseModel):
    """The token of a display."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200)]


def cipher_of(request: Request) -> ContactCipher | None:
    """Return the cipher of second factors; None if the settings have no keys."""
    keys: str = request.app.state.contact_keys
    return ContactCipher(keys) if keys.strip() else None


def cookie_of(request: Request) -> SessionCookie:
    """Return how the cookie of sessions is written."""
    cookie: SessionCookie = request.app.state.session_cookie
    return cookie


@router.post("", summary="Sign in 登录", status_code=HTTPStatus.CREATED)
def post_login(request: Request, response: Response, database: Db, zone: Zone, given: Credentials) -> Me:
    """Sign in. The session is in a cookie that scripts cannot read."""
    cookie_of(request).check_origin(request.headers)
    now = datetime.now(UTC)
    with database.write() as connection:
        result = operations.sign_in(connection, given.person_id, given.password, given.code, cipher_of(request), at=now)
        session = None if result.token is None else verify_session(connection, result.token)
    if result.locked_until is not None:
        wait_s = max(1, int((result.locked_until - now).total_seconds()))
        detail = f"Too many attempts failed. 尝试次数过多，请在 {wait_s} 秒后再试。Wait {wait_s} s."
        raise TooManyRequests(detail, headers={"Retry-After": str(wait_s)})
    if result.needs_code:
        detail = "Send the six digits of your second factor as `code`. 请输入动态验证码。"
        raise AuthenticationRequired(detail, code_required=True)
    if result.token is None or session is None:
        request.app.state.refused_logins.count(_address(request), "")
        raise AuthenticationRequired("The name, the password or the code is wrong. 用户名、密码或验证码不正确。")
    return _begin(request, response, result.token, session, zone)


@router.post("/display", summary="Sign in a display 大屏登录", status_code=HTTPStatus.CREATED)
def post_display(request: Request, response: Response, database: Db, zone: Zone, given: DisplayToken) -> Me:
    """Sign in a display by the token that an administrator made for it."""
    cookie_of(request).check_origin(request.headers)
    with database.read() as connection:
        session = verify_session(connection, given.token)
    if session is None or session.person_id is not None:
        request.app.state.refused_logins.count(_address(request), "")
        raise AuthenticationRequired("The token is unknown, expired or revoked. Ask an administrator for another.")
    return _begin(request, response, given.token, session, zone)


def _begin(request: Request, response: Response, token: str, session: LoginSession, zone: Zone) -> Me:
    lasts_s = int((session.expires_at - datetime.now(UTC)).total_seconds())
    cookie_of(request).write(response, token, lasts_s)
    principal = Principal.of_session(session, rules_of(request), datetime.now(UTC)).for_route((), ACTUAL)
    return me_of(request, principal, zone)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
