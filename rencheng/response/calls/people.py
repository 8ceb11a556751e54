"""People who can be called."""

from dataclasses import dataclass


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
