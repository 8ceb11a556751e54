"""The principal of a request: who asks, with which scopes, and within which reach."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request

from rencheng.domain.reach import Reach
from rencheng.operations.signers import Signer
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.places import Place
from services.api.http.errors import OutOfReach


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. Today this is a key.

    Attributes:
        actor: the name in the audit log.
        scopes: the permissions.
        reach: the regions and worlds.
        person_id: the person who signs with it; None: it signs nothing.
    """

    actor: str
    scopes: frozenset[KeyScope]
    reach: Reach
    person_id: str | None = None

    @classmethod
    def of_key(cls, key: Key) -> "Principal":
        """Return the principal of a key."""
        return cls(f"key {key.key_id} ({key.name})", key.scopes, key.reach, key.person_id)

    @property
    def signer(self) -> Signer:
        """Return who signs."""
        return Signer(self.actor, self.person_id)

    def has(self, scope: KeyScope) -> bool:
        """Return whether the principal has a scope."""
        return scope in self.scopes

    @property
    def sees_authors(self) -> bool:
        """Whether the principal may see who made a change. Keys and users of the shell have names that tell more."""
        return self.has(KeyScope.OPERATE) or self.has(KeyScope.ADMIN)

    def reaches(self, places: Iterable[Place]) -> bool:
        """Return whether all places lie in the reach."""
        return all(self.reach.includes(place.region, place.world) for place in places)

    def require(self, places: Iterable[Place]) -> None:
        """Check that a change of these places lies in the reach.

        Raises:
            OutOfReach: it does not.
        """
        for place in places:
            if not self.reach.includes(place.region, place.world):
                where = f"region {place.region} of the world {place.world!r}"
                raise OutOfReach(f"Your key is not allowed to change {where}. {self.bounds}")

    @property
    def bounds(self) -> str:
        """The reach in a sentence, for errors."""
        regions, worlds = ", ".join(self.reach.regions), ", ".join(self.reach.worlds)
        bounds = [f"regions: {regions}"] * bool(regions) + [f"worlds: {worlds}"] * bool(worlds)
        return f"It is bound to {'; '.join(bounds)}."


def principal_of(request: Request) -> Principal:
    """Return the principal of an authenticated request."""
    return Principal.of_key(request.state.key)
