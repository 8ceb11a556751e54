"""People who can be called."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Person:
    """A person. Nobody is deleted, only made inactive.

    Attributes:
        roles: what the person can do, such as `keeper` or `leader`.
        regions: the districts, cities or provinces in which the person serves.
    """

    person_id: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    regions: tuple[str, ...]
    active: bool = True


def is_quiet(begins: time | None, ends: time | None, at: time) -> bool:
    """Return whether a local time lies in quiet hours, which may include midnight."""
    if begins is None or ends is None:
        return False
    return begins <= at < ends if begins <= ends else at >= begins or at < ends
