"""Sign in by password, for a city without an identity provider."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Annotated

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import StringConstraints

from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import Reach
from rencheng.operations.people import require_people
from rencheng.operations.worlds import require_worlds
from rencheng.store.access import audit
from rencheng.store.access import person_logins as store
from rencheng.store.access.person_logins import PersonLogin
from rencheng.store.access.person_sessions import (
    SessionKind,
    create_session,
    find_session,
    revoke_session,
    revoke_sessions,
)
from rencheng.store.access.roles import RoleAssignment
from rencheng.store.core.database import Connection
from rencheng.store.response.cipher import ContactCipher

PASSWORD_MIN, PASSWORD_MAX = 12, 128
"""Characters. Source: between the 8 and the 15 of NIST SP 800-63B 3.1.1, with and without a second factor; and a bound
for what is hashed. Proposal."""

Password = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_MAX)]

FREE_FAILURES = 5
"""Wrong attempts in a row before waiting begins. Source: GB/T 22239-2019 8.1.4.1 asks for a limit; number: proposal."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
"""The wait doubles with each further failure. It is bounded, because whoever knows a name could otherwise keep a
dispatcher out; at 96 attempts a day a password of 12 characters is not guessed. Proposal."""

STEP_S = 30
"""Source: RFC 6238."""

SESSION_LASTS, SESSION_IDLE = timedelta(hours=12), timedelta(minutes=30)
"""Source: NIST SP 800-63B-3 4.2.3. An open page of the console asks all the time, so it ends after a shift of 12 h."""

DISPLAY_LASTS = timedelta(days=365)
"""As for keys."""

_hasher = PasswordHasher()
"""Argon2id with the parameters of the library. Source: RFC 9106, 64 MiB."""

_AT_ONCE = BoundedSemaphore(2)
"""Hashes that are computed at the same time, because each takes 64 MiB and a processor."""

_NO_SUCH_LOGIN = _hasher.hash(secrets.token_urlsafe())


@dataclass(frozen=True, slots=True)
class SignIn:
    """The result of an attempt.

    Attributes:
        token: the token of the session; None if the attempt failed.
        person_id: the person, if there is such a login.
        locked_until: no attempt counts before this.
        needs_code: the password is right, and a code of the second factor is missing.
    """

    token: str | None = None
    person_id: str | None = None
    locked_until: datetime | None = None
    needs_code: bool = False


def sign_in(
    connection: Connection, person_id: str, password: str, code: str, cipher: ContactCipher | None, *, at: datetime
) -> SignIn:
    """Try a password, and the code if one is required. The failure is written, so commit in either case."""
    login = store.lock_login(connection, person_id)
    outcome = check_password(connection, login, password, code, cipher, at=at)
    if login is None or outcome.locked_until or outcome.needs_code or outcome.person_id is None:
        return outcome
    token = create_session(
        connection,
        SessionKind.LOCAL,
        login.name,
        person_id=person_id,
        lasts=SESSION_LASTS,
        idle=SESSION_IDLE,
        made_by=f"person {person_id}",
    )
    audit.record(connection, f"person {person_id} ({login.name})", "login.accept", f"person {person_id}", {})
    return SignIn(token, person_id)


def check_password(
    connection: Connection,
    login: PersonLogin | None,
    password: str,
    code: str,
    cipher: ContactCipher | None,
    *,
    at: datetime,
) -> SignIn:
    """Check a password and a code. The result names the person if they are right."""
    if login is not None and login.locked_until is not None and at < login.locked_until:
        return SignIn(locked_until=login.locked_until)
    is_right = _matches(login.password_hash if login else _NO_SUCH_LOGIN, password)
    if login is None:
        return SignIn()
    if is_right and login.second_factor_on:
        if not code:
            return SignIn(needs_code=True)
        step = _accepted_step(login, code, cipher, at)
        is_right = step is not None
        if step is not None:
            store.save_step(connection, login.person_id, step)
    if is_right:
        store.save_attempt(connection, login.person_id, 0, None)
        return SignIn(person_id=login.person_id)
    failures = login.failures + 1
    store.save_attempt(connection, login.person_id, failures, locked_until(failures, at))
    return SignIn()


def locked_until(failures: int, at: datetime) -> datetime | None:
    """Return until when a login is locked after failures in a row; None: it is not."""
    beyond = failures - FREE_FAILURES
    return None if beyond < 0 else at + min(FIRST_WAIT * 2 ** min(beyond, 30), LONGEST_WAIT)


def give_login(connection: Connection, person_id: str, *, actor: str) -> str:
    """Give a person a login with a password for once, and return it. Only commands do this.

    A request of the API could otherwise make the second person that an act needs (docs/why/0036).
    The person's sessions and second factor end.
    """
    require_people(connection, [person_id])
    password = secrets.token_urlsafe(12)
    store.save_login(connection, person_id, _hasher.hash(password), must_change=True)
    revoke_sessions(connection, person_id=person_id)
    audit.record(connection, actor, "login.give", f"person {person_id}", {})
    return password


def end_login(connection: Connection, person_id: str, *, actor: str) -> None:
    """Delete a login, and end the person's sessions.

    Raises:
        NotPossible: there is none.
    """
    if not store.delete_login(connection, person_id):
        raise NotPossible(f"{person_id} has no login; `rencheng login list` shows who has one")
    revoke_sessions(connection, person_id=person_id)
    audit.record(connection, actor, "login.end", f"person {person_id}", {})


def set_password(
    connection: Connection, person_id: str, password: str, *, keep_session: str | None, actor: str
) -> None:
    """Set the password that the person chose. All other sessions of the person end.

    Raises:
        NotPossible: the password is too weak.
    """
    if len(password) < PASSWORD_MIN:
        raise NotPossible(f"the password has fewer than {PASSWORD_MIN} characters; choose a longer one")
    if person_id.lower() in password.lower() or len(set(password)) < PASSWORD_MIN // 2:
        raise NotPossible("the password names you, or repeats a few characters; choose another")
    store.save_login(connection, person_id, _hasher.hash(password), must_change=False)
    revoke_sessions(connection, person_id=person_id, except_id=keep_session)
    audit.record(connection, actor, "login.password", f"person {person_id}", {})


def offer_second_factor(connection: Connection, login: PersonLogin, cipher: ContactCipher, *, actor: str) -> str:
    """Make a secret for codes by time (TOTP) and return its address. It is required once a code of it was confirmed.

    Raises:
        NotPossible: one is in use.
    """
    if login.second_factor_on:
        raise NotPossible("a second factor is in use; `rencheng login give` removes it")
    secret = pyotp.random_base32()
    store.save_second_factor(connection, login.person_id, cipher.encrypt(secret), is_on=False)
    audit.record(connection, actor, "login.second_factor_offer", f"person {login.person_id}", {})
    return pyotp.TOTP(secret).provisioning_uri(name=login.person_id, issuer_name="Rencheng")


def confirm_second_factor(
    connection: Connection, login: PersonLogin, code: str, cipher: ContactCipher, *, at: datetime, actor: str
) -> None:
    """Require codes from now on.

    Raises:
        NotPossible: no secret was offered, or the code is wrong.
    """
    step = None if login.second_factor is None else _accepted_step(login, code, cipher, at)
    if step is None:
        raise NotPossible("the code is wrong, or no second factor was offered; ask for one, and send a new code of it")
    store.save_second_factor(connection, login.person_id, login.second_factor, is_on=True)
    store.save_step(connection, login.person_id, step)
    audit.record(connection, actor, "login.second_factor", f"person {login.person_id}", {})


def make_display(
    connection: Connection, name: str, reach: Reach, *, lasts: timedelta = DISPLAY_LASTS, actor: str
) -> tuple[str, str]:
    """Make a session for a screen on the wall, which reads and nothing else. Return its id and its token."""
    require_worlds(connection, reach.worlds)
    token = create_session(
        connection,
        SessionKind.DISPLAY,
        name,
        person_id=None,
        roles=[RoleAssignment("viewer", reach)],
        lasts=lasts,
        idle=None,
        made_by=actor,
    )
    session_id = token.split("_")[1]
    detail = {"name": name, "regions": list(reach.regions), "worlds": list(reach.worlds)}
    audit.record(connection, actor, "session.display", f"session {session_id}", {"after": detail})
    return session_id, token


def end_session(connection: Connection, session_id: str, *, actor: str) -> None:
    """End a session now.

    Raises:
        NotPossible: no such session is in force.
    """
    session = find_session(connection, session_id)
    if session is None or not revoke_session(connection, session_id):
        raise NotPossible(f"no session {session_id} is in force")
    detail = {"kind": session.kind, "person_id": session.person_id, "name": session.name}
    audit.record(connection, actor, "session.end", f"session {session_id}", {"before": detail})


def _matches(password_hash: str, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False


def _accepted_step(login: PersonLogin, code: str, cipher: ContactCipher | None, at: datetime) -> int | None:
    """Return the time step of a code, of which each is accepted once; None if it is wrong, or was accepted before."""
    if login.second_factor is None or cipher is None:
        return None
    totp = pyotp.TOTP(cipher.decrypt(login.second_factor))
    now = int(at.timestamp()) // STEP_S
    steps = (step for step in (now - 1, now, now + 1) if step > login.last_step)  # a step either way: RFC 6238 5.2
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), code)), None)
