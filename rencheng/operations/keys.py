"""Make and revoke API keys."""

from collections.abc import Iterable
from datetime import datetime

from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.access import api_keys, audit
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.calls.people import find_people
from rencheng.store.core.database import Connection


def make_key(
    connection: Connection,
    name: str,
    scopes: Iterable[KeyScope],
    *,
    expires_at: datetime | None,
    reach: Reach = EVERYWHERE,
    person_id: str | None = None,
    actor: str,
) -> tuple[str, Key]:
    """Make a key. Return its token, which cannot be shown again, and the key.

    Raises:
        NotPossible: the person who shall use it is not registered.
    """
    if person_id is not None and person_id not in find_people(connection, [person_id]):
        raise NotPossible(f"the person {person_id} is not registered; `rencheng people import` adds people")
    token = api_keys.create(connection, name, scopes, expires_at, reach=reach, made_by=actor, person_id=person_id)
    key = api_keys.find_key(connection, api_keys.key_id_of(token))
    if key is None:
        raise NotPossible("the key was not stored; try again")
    audit.record(connection, actor, "key.make", f"key {key.key_id}", {"after": _detail(key)})
    return token, key


def revoke_key(connection: Connection, key_id: str, *, actor: str) -> None:
    """Revoke a key now.

    Raises:
        NotPossible: no key of this name is in force.
    """
    key = api_keys.find_key(connection, key_id)
    if key is None or not api_keys.revoke(connection, key_id):
        raise NotPossible(f"no key {key_id} is in force; `rencheng key list` shows all keys")
    audit.record(connection, actor, "key.revoke", f"key {key_id}", {"before": _detail(key)})


def _detail(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": sorted(key.scopes),
        "regions": list(key.reach.regions),
        "worlds": list(key.reach.worlds),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "person_id": key.person_id,
    }
