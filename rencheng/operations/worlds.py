"""Worlds: `actual` and the exercises. They must exist before anything is registered or reported in them."""

from collections.abc import Iterable

from rencheng.domain.errors import NotPossible
from rencheng.domain.reserved_names import why_reserved
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.registry.devices import add_world, known_worlds

RESERVED = frozenset({"all"})
"""Names with a meaning of their own in requests."""


def require_worlds(connection: Connection, worlds: Iterable[str]) -> None:
    """Check that worlds exist.

    Raises:
        NotPossible: one does not.
    """
    wanted = set(worlds)
    if missing := sorted(wanted - known_worlds(connection, wanted)):
        names = ", ".join(missing[:20])
        raise NotPossible(f"there is no world {names}; an operator adds an exercise with `rencheng world add`")


def create_world(connection: Connection, world: str, title: str, *, actor: str) -> None:
    """Add an exercise. Does nothing if it exists.

    Raises:
        NotPossible: the name is reserved.
    """
    if world in RESERVED:
        raise NotPossible(f"{world!r} stands for all worlds in requests; choose another name")
    if why := why_reserved(world, is_world=True):
        raise NotPossible(why)
    if world in known_worlds(connection, [world]):
        return
    add_world(connection, world, title)
    audit.record(connection, actor, "world.add", f"world {world}", {"after": {"title": title}})
