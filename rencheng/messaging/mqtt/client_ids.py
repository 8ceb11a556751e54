"""Client ids of the services' sessions, which nobody without the account's password can name.

A broker knows a session by its client id alone: a client that connects with the id of another takes over its session,
with the messages that wait in it. A service's id is therefore derived from the password of its account. It is stable,
so that the broker finds the session again, and it never appears in a log of ours.
"""

import hashlib
import hmac

_DIGITS = 32
"""Hexadecimal digits of the derived part, 128 bits, as many as the password has."""


def client_id(session: str, password: str) -> str:
    """Return the client id of a service's session: its name, and an HMAC-SHA256 of the name with the password.

    Args:
        session: the fixed name of the session, such as `rencheng-ingest-0`.
        password: of the account with which the session connects.
    """
    digest = hmac.new(password.encode(), session.encode(), hashlib.sha256).hexdigest()
    return f"{session}-{digest[:_DIGITS]}"
