"""Links by which people report about their tasks. Only the hash of a token is stored."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.task_tables import task_links

LINK_LASTS = timedelta(hours=24)
"""How long a link can be used: tasks after the all-clear take hours. Proposal."""

_TOKEN_BYTES = 16
"""128 bits from the system's generator."""

_ROWS_MAX = 1000


def make_task_links(connection: Connection, warning_id: str, person_ids: Collection[str]) -> dict[str, str]:
    """Make a link for the tasks of each person at a warning. Return the tokens by person."""
    tokens = {person: secrets.token_urlsafe(_TOKEN_BYTES) for person in person_ids}
    rows = [
        {"token_hash": _hash(token), "warning_id": warning_id, "person_id": person}
        | {"expires_at": func.now() + LINK_LASTS}
        for person, token in tokens.items()
    ]
    if rows:
        connection.execute(insert(task_links).values(rows))
    return tokens


def find_task_link(connection: Connection, token: str) -> Row | None:
    """Return the link of a token, unless it has expired."""
    query = select(task_links).where(task_links.c.token_hash == _hash(token), task_links.c.expires_at > func.now())
    return connection.execute(query).mappings().one_or_none()


def delete_expired_task_links(connection: Connection, before: datetime) -> int:
    """Delete links that expired before a time. Return their number."""
    old = select(task_links.c.token_hash).where(task_links.c.expires_at < before).limit(_ROWS_MAX)
    return connection.execute(delete(task_links).where(task_links.c.token_hash.in_(old))).rowcount


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
