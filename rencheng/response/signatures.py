"""Acts that need several people. They count people, not keys: one person is one, whatever keys the person has."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

TWO_PEOPLE = 2
"""The signatures of an act whose undoing can kill. Source: response reference 4.8."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of a person.

    Attributes:
        roles: the roles that the person had when signing.
    """

    person_id: str
    at: datetime
    roles: tuple[str, ...] = ()


def counted(signatures: Iterable[Signature], requesters: Collection[str]) -> tuple[Signature, ...]:
    """Return the signatures that count: one for each person, and none of those who asked for the act."""
    first: dict[str, Signature] = {}
    for each in signatures:
        if each.person_id not in requesters:
            first.setdefault(each.person_id, each)
    return tuple(first.values())
