"""Codes that were sent to a person's contact method, and are typed back to prove it."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.schema.answer_tables import contact_proofs
from rencheng.store.schema.delivery_tables import contact_methods

CODE_LASTS = timedelta(minutes=30)
"""How long a code can be typed back. Proposal."""

TRIES_MAX = 5
"""Wrong codes, after which another one must be sent: of a million codes five can be guessed."""

_DIGITS = 6


def make_code(connection: Connection, method_id: int) -> str:
    """Make a code for a contact method, in place of an earlier one. Return it; only a hash of it is stored."""
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    values = {"code_hash": _hash(method_id, code), "expires_at": func.now() + CODE_LASTS, "tries": 0}
    query = insert(contact_proofs).values(method_id=method_id, **values)
    connection.execute(query.on_conflict_do_update(index_elements=["method_id"], set_=values))
    return code


def is_code(connection: Connection, method_id: int, code: str) -> bool:
    """Return whether a code is the one that was sent, and count wrong ones. Commit after it in either case."""
    of_method = contact_proofs.c.method_id == method_id
    query = select(contact_proofs).where(of_method, contact_proofs.c.expires_at > func.now())
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None or row.tries >= TRIES_MAX:
        return False
    if hmac.compare_digest(row.code_hash, _hash(method_id, code)):
        return True
    connection.execute(update(contact_proofs).where(of_method).values(tries=row.tries + 1))
    return False


def note_proof(connection: Connection, method_id: int) -> None:
    """Write that a person uses a contact method: a code was typed back, or an answer came from it."""
    columns = contact_methods.c
    values = {"proved_at": func.now(), "verified_at": func.coalesce(columns.verified_at, func.now())}
    connection.execute(update(contact_methods).where(columns.method_id == method_id).values(values))


def _hash(method_id: int, code: str) -> bytes:
    return hashlib.sha256(f"{method_id}/{code}".encode("utf-8", "surrogatepass")).digest()
