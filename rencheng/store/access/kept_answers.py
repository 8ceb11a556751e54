"""Answers of requests with an `Idempotency-Key`, kept for a day and readable only with that key."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from cryptography.fernet import Fernet
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.schema.account_tables import kept_answers

KEPT_FOR = timedelta(hours=24)
"""How long a request can be repeated. Source: Stripe and others keep a key for 24 hours."""


@dataclass(frozen=True, slots=True)
class RequestName:
    """A request that may be repeated.

    Attributes:
        caller: who asks.
        route: the method and the path template.
        key: the `Idempotency-Key`, which is not stored.
        fingerprint: a hash of address and body.
    """

    caller: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def digest(self) -> bytes:
        """The name under which the answer is kept."""
        return self._hash("name")

    @property
    def cipher(self) -> Fernet:
        """The cipher of the answer, which may hold a password that the platform keeps only as a hash."""
        return Fernet(urlsafe_b64encode(self._hash("answer")))

    def _hash(self, use: str) -> bytes:
        parts = (use, self.caller, self.route, self.key)
        return sha256(repr(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and the fingerprint of its request."""

    fingerprint: bytes
    answer: bytes


def claim(connection: Connection, request: RequestName) -> KeptAnswer | None:
    """Return the answer of an earlier request of this name; None if this is the first.

    The same request at the same time waits here until the transaction of the first one ends.
    """
    connection.execute(delete(kept_answers).where(kept_answers.c.made_at < func.now() - KEPT_FOR))
    new = insert(kept_answers).values(name=request.digest, fingerprint=request.fingerprint, answer=b"")
    if connection.execute(new.on_conflict_do_nothing().returning(kept_answers.c.name)).first() is not None:
        return None
    known = select(kept_answers.c.fingerprint, kept_answers.c.answer).where(kept_answers.c.name == request.digest)
    row = connection.execute(known).one()
    is_same = row.fingerprint == request.fingerprint
    return KeptAnswer(row.fingerprint, request.cipher.decrypt(row.answer) if is_same else b"")


def keep(connection: Connection, request: RequestName, answer: bytes) -> None:
    """Keep the answer of a claimed request, in the transaction of its change."""
    kept = update(kept_answers).where(kept_answers.c.name == request.digest)
    connection.execute(kept.values(answer=request.cipher.encrypt(answer)))


def release(connection: Connection, request: RequestName) -> None:
    """Give up a claim, because the request was refused and may be repeated."""
    connection.execute(delete(kept_answers).where(kept_answers.c.name == request.digest))
