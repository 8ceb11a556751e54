"""Names that no device, site or world may have, because they are levels of our own topics or accounts of services."""

from rencheng.domain.notice import NoticeKind
from rencheng.domain.topic import EXERCISE_LEVEL, Channel

PREFIX = "rencheng"
"""The prefix of the services' and gateways' accounts, and the first level of every topic."""

TOPIC_LEVELS = frozenset({"v1", "notice", "warning", "service", EXERCISE_LEVEL, *Channel, *NoticeKind})
"""Levels beside the kinds. A device may have the name of a kind, because its own topics name the kind before it."""

ACTUAL_WORLD = "actual"
"""The name of the real world, a level of the topics of notices. A world may have it, a device or site may not."""


def why_reserved(name: str, *, is_world: bool = False) -> str | None:
    """Return why a name cannot be given to a device, site or world; None if it can. Case does not matter."""
    folded = name.casefold()
    if folded.startswith(PREFIX):
        return f"{name!r} begins with {PREFIX!r}, which is reserved for the platform's own accounts and topics"
    if folded in TOPIC_LEVELS or (folded == ACTUAL_WORLD and not (is_world and name == ACTUAL_WORLD)):
        return f"{name!r} is reserved, because it is a level of the platform's own topics; choose another name"
    return None
