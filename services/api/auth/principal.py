"""The principal of a request: who asks, with which permissions, and within which reach."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from fastapi import Request

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.operations.roles import Grant, RoleRules
from rencheng.operations.signers import Signer
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.access.person_sessions import SESSION, LoginSession
from rencheng.store.places import NOWHERE, Place
from services.api.auth.challenges import insufficient_scope
from services.api.http.errors import OutOfReach

READ_ONLY = frozenset({KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ})
"""The permissions that a display can have, whatever its role says."""

NOTHING = Reach((NOWHERE,))
"""The reach of somebody without a role."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a key, a session of a person or a display, or a token of the identity provider.

    A key has one grant. A person has one for each role, and their bounds may differ: `for_route` returns the principal
    with the reach and the scopes that hold for one request.

    Attributes:
        credential_id: names what was presented, for limits and for open streams.
        actor: the name in the audit log.
        grants: the permissions, each with its reach.
        person_id: the person who signs with it; None: it signs nothing.
        expires_at: when it ends by itself; None: never.
        reach: the regions and worlds of this request.
        scopes: the permissions that hold in all of the reach.
        session: the session, if it is one.
    """

    credential_id: str
    actor: str
    grants: tuple[Grant, ...]
    person_id: str | None = None
    expires_at: datetime | None = None
    reach: Reach = NOTHING
    scopes: frozenset[KeyScope] = frozenset()
    needed: frozenset[KeyScope] = frozenset()
    session: LoginSession | None = field(default=None, compare=False)

    @classmethod
    def of_key(cls, key: Key) -> "Principal":
        """Return the principal of a key."""
        grants = (Grant(key.scopes, key.reach),)
        actor = f"key {key.key_id} ({key.name})"
        return cls(key.key_id, actor, grants, key.person_id, key.expires_at, key.reach, key.scopes)

    @classmethod
    def of_session(cls, session: LoginSession, rules: RoleRules, at: datetime) -> "Principal":
        """Return the principal of a session. Who must set a password first may do nothing else."""
        grants = () if session.must_change else rules.grants(session.roles, at)
        kind = "person"
        if session.person_id is None:
            kind, grants = "display", tuple(replace(grant, scopes=grant.scopes & READ_ONLY) for grant in grants)
        actor = f"{kind} {session.person_id or session.session_id} ({session.name})"
        ends = [session.expires_at, *(grant.until for grant in grants if grant.until)]
        credential_id = f"{SESSION}{session.session_id}"
        return cls(credential_id, actor, grants, session.person_id, min(ends), session=session)

    @property
    def permissions(self) -> frozenset[KeyScope]:
        """All scopes that hold anywhere."""
        return frozenset[KeyScope]().union(*(grant.scopes for grant in self.grants))

    def for_route(self, needed: Collection[str], world: str | None) -> "Principal":
        """Return the principal for a request that needs scopes and asks for a world, None for all worlds.

        Raises:
            InsufficientScope: no grant has all of the scopes.
            OutOfReach: the request asks for all worlds, and the reach differs by world.
        """
        wanted = frozenset(map(KeyScope, needed))
        grants = [grant for grant in self.grants if grant.scopes >= wanted]
        if not grants and wanted:
            raise insufficient_scope(needed)
        if len(self.grants) == 1:
            return replace(self, needed=wanted, reach=self.grants[0].reach, scopes=self.grants[0].scopes)
        reach = reach_in([grant.reach for grant in grants], world)
        scopes = frozenset(scope for scope in self.permissions if self._holds_in(scope, reach, world))
        return replace(self, reach=reach, scopes=scopes, needed=wanted)

    def in_world_of(self, places: Sequence[Place]) -> "Principal":
        """Return the principal for a request about an object, whose world the request does not name."""
        worlds = {place.world for place in places}
        if len(self.grants) == 1 or len(worlds) != 1 or all(map(self.reach.includes_world, worlds)):
            return self
        return self.for_route(self.needed, *worlds)

    def _holds_in(self, scope: KeyScope, reach: Reach, world: str | None) -> bool:
        areas = [grant.reach for grant in self.grants if scope in grant.scopes]
        try:
            return bool(areas) and reach_in(areas, world).covers(reach)
        except OutOfReach:
            return False

    @property
    def signer(self) -> Signer:
        """Return who signs."""
        return Signer(self.actor, self.person_id)

    def has(self, scope: KeyScope) -> bool:
        """Return whether the principal has a scope in all of the request's reach."""
        return scope in self.scopes

    @property
    def sees_authors(self) -> bool:
        """Whether the principal may see who made a change. Keys and users of the shell have names that tell more."""
        return self.has(KeyScope.OPERATE) or self.has(KeyScope.ADMIN)

    def reaches(self, places: Iterable[Place]) -> bool:
        """Return whether all places lie in the reach of what the request needs."""
        return all(map(self._reaches, places))

    def _reaches(self, place: Place) -> bool:
        return any(grant.reach.includes(place.region, place.world) for grant in self._sufficient)

    @property
    def _sufficient(self) -> list[Grant]:
        return [grant for grant in self.grants if grant.scopes >= self.needed]

    def require(self, places: Iterable[Place]) -> None:
        """Check that a change of these places lies in the reach.

        Raises:
            OutOfReach: it does not.
        """
        for place in places:
            if not self._reaches(place):
                where = f"region {place.region} of the world {place.world!r}"
                raise OutOfReach(f"You are not allowed to change {where}. {self.bounds}")

    def require_level(self, level: Level, places: Iterable[Place]) -> None:
        """Check that the principal may approve what is of a level.

        Raises:
            OutOfReach: no role approves this level there.
        """
        for place in places:
            limits = [grant.up_to for grant in self._sufficient if grant.reach.includes(place.region, place.world)]
            if not any(limit is None or limit >= level for limit in limits):
                highest = max((limit.word for limit in limits if limit is not None), default="none")
                raise OutOfReach(
                    f"This needs an approver for the level {level.word}; you approve up to {highest} in {place.region}."
                    " Ask somebody whose role goes that far."
                )

    @property
    def bounds(self) -> str:
        """The reach in a sentence, for errors."""
        regions, worlds = ", ".join(self.reach.regions), ", ".join(self.reach.worlds)
        bounds = [f"regions: {regions}"] * bool(regions) + [f"worlds: {worlds}"] * bool(worlds)
        what = "It is" if self.session is None and self.grants and self.grants[0].role is None else "You are"
        return f"{what} bound to {'; '.join(bounds) or 'no region'}."


def reach_in(areas: Sequence[Reach], world: str | None) -> Reach:
    """Return the reach of several areas together, if they differ only in regions or only in worlds; else in one world.

    Raises:
        OutOfReach: they differ in both, and no world is asked for.
    """
    kept = [area for area in areas if not any(other != area and other.covers(area) for other in areas)]
    if len({frozenset(area.worlds) for area in kept}) == 1:
        return _union_of_regions(kept, kept[0].worlds)
    if len({frozenset(area.regions) for area in kept}) == 1:
        return Reach(kept[0].regions, tuple(sorted({world for area in kept for world in area.worlds})))
    if world is None:
        raise OutOfReach("Your roles reach other regions in other worlds. Ask for one world with `world`.")
    inside = [area for area in kept if area.includes_world(world)]
    return _union_of_regions(inside, (world,)) if inside else kept[0] if kept else NOTHING


def _union_of_regions(areas: Sequence[Reach], worlds: tuple[str, ...]) -> Reach:
    if any(not area.regions for area in areas):
        return Reach((), worlds)
    return Reach(tuple(sorted({region for area in areas for region in area.regions})), worlds)


def principal_of(request: Request) -> Principal:
    """Return the principal of an authenticated request."""
    principal: Principal = request.state.principal
    return principal
