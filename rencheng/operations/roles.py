"""What a role permits, and who has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rencheng.domain.errors import Misconfigured, NotPossible
from rencheng.domain.level import Level, WarningLevelWord
from rencheng.domain.reach import Reach
from rencheng.operations.people import require_people
from rencheng.operations.worlds import require_worlds
from rencheng.schemas.fields import DistrictCode, Identifier, Moment, Text
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.access import audit
from rencheng.store.access import roles as store
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.access.person_sessions import revoke_sessions
from rencheng.store.access.roles import RoleAssignment
from rencheng.store.core.database import Connection
from rencheng.store.core.named_locks import lock_name

_READ = frozenset({KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ})

DEFAULT_ROLES: Mapping[str, frozenset[KeyScope]] = {
    "viewer": _READ,
    "operator": _READ | {KeyScope.OPERATE, KeyScope.WEATHER_WRITE, KeyScope.RESPOND},
    "dispatcher": _READ | {KeyScope.RESPOND, KeyScope.COMMAND_REQUEST},
    "approver": _READ
    | {
        KeyScope.RESPOND,
        KeyScope.ROSTERS_WRITE,
        KeyScope.PLANS_APPROVE,
        KeyScope.RESPONSE_DECLARE,
        KeyScope.COMMAND_REQUEST,
        KeyScope.COMMAND_APPROVE,
    },
    "device_administrator": _READ | {KeyScope.DEVICES_WRITE, KeyScope.QUARANTINE_REPLAY},
    "administrator": _READ | {KeyScope.ADMIN, KeyScope.CONTACTS_WRITE, KeyScope.ROSTERS_WRITE},
}
"""The roles of issue 15. Which scopes each of them has is a proposal; a city sets its own in `RENCHENG_ROLES_FILE`."""


class RoleForm(BaseModel):
    """A role to give to a person, or to the members of a group."""

    model_config = ConfigDict(extra="forbid")

    role: Identifier
    regions: Annotated[list[DistrictCode], Field(max_length=200)] = []
    worlds: Annotated[list[Identifier], Field(max_length=200)] = []
    up_to: WarningLevelWord | None = None
    until: Moment | None = None

    def to_assignment(self) -> RoleAssignment:
        """Return the role as it is stored."""
        up_to = None if self.up_to is None else Level.parse(self.up_to)
        return RoleAssignment(self.role, Reach(tuple(self.regions), tuple(self.worlds)), up_to, self.until)


class _RolesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    roles: dict[Identifier, Annotated[list[KeyScope], Field(min_length=1)]] = {}
    groups: dict[Text, list[RoleForm]] = {}


@dataclass(frozen=True, slots=True)
class RoleRules:
    """The scopes of each role, and the roles of each group of the identity provider."""

    scopes: Mapping[str, frozenset[KeyScope]] = field(default_factory=lambda: DEFAULT_ROLES)
    groups: Mapping[str, Sequence[RoleAssignment]] = field(default_factory=dict)

    def grants(self, assignments: Iterable[RoleAssignment], at: datetime) -> tuple["Grant", ...]:
        """Return what these roles permit at a time. A role that the settings no longer name permits nothing."""
        return tuple(
            Grant(self.scopes[each.role], each.reach, each.up_to, each.role, each.until)
            for each in assignments
            if each.role in self.scopes and (each.until is None or each.until > at)
        )

    def of_groups(self, names: Iterable[str]) -> list[RoleAssignment]:
        """Return the roles of the members of these groups."""
        return [role for name in sorted(set(names)) for role in self.groups.get(name, ())]

    def require_role(self, role: str) -> None:
        """Check that there is a role.

        Raises:
            NotPossible: there is none.
        """
        if role not in self.scopes:
            raise NotPossible(f"there is no role {role}; the roles are {', '.join(sorted(self.scopes))}")


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions within a reach.

    Attributes:
        up_to: the highest level that may be approved; None: any.
        role: the role that they come from; None of a key.
        until: when they end; None: not by themselves.
    """

    scopes: frozenset[KeyScope]
    reach: Reach
    up_to: Level | None = None
    role: str | None = None
    until: datetime | None = None


def read_roles(path: Path | None) -> RoleRules:
    """Return the roles of a YAML file. A role that it names replaces the default one of this name.

    Raises:
        Misconfigured: the file cannot be read, or is not as docs/how-to/let-people-sign-in.md describes.
    """
    if path is None:
        return RoleRules()
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = _RolesFile.model_validate(found)
    except ValidationError as error:
        raise Misconfigured(f"{path}: {join_findings(validation_findings(error, 'file'))}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path}: {' '.join(str(error).split())}") from None
    scopes = dict(DEFAULT_ROLES) | {name: frozenset(listed) for name, listed in file.roles.items()}
    groups = {name: [form.to_assignment() for form in forms] for name, forms in file.groups.items()}
    if unknown := sorted({role.role for roles in groups.values() for role in roles} - set(scopes)):
        raise Misconfigured(f"{path}: groups name the roles {', '.join(unknown)}, which are not under `roles`")
    return RoleRules(scopes, groups)


def give_role(connection: Connection, person_id: str, form: RoleForm, rules: RoleRules, *, actor: str) -> int:
    """Give a person a role. Return the number of the assignment; of one like it, its number.

    Raises:
        NotPossible: there is no such person, role or world, or the role would have ended already.
    """
    rules.require_role(form.role)
    require_people(connection, [person_id])
    require_worlds(connection, form.worlds)
    if form.until is not None and form.until <= datetime.now(UTC):
        raise NotPossible("the role would have ended already; give a later time")
    lock_name(connection, f"person {person_id}")
    wanted = form.to_assignment()
    for known in store.roles_of(connection, [person_id])[person_id]:
        if known.assignment_id is not None and described(known) == described(wanted):
            return known.assignment_id
    number = store.add_role(connection, person_id, wanted, actor)
    audit.record(connection, actor, "role.give", f"person {person_id}", {"after": described(wanted)})
    return number


def end_role(connection: Connection, person_id: str, assignment_id: int, *, actor: str) -> None:
    """End a role of a person now. The person's sessions end, so that open streams end, too.

    Raises:
        NotPossible: the person has no such role.
    """
    lock_name(connection, f"person {person_id}")
    found = store.find_role(connection, assignment_id)
    if found is None or found[0] != person_id:
        raise NotPossible(f"{person_id} has no role with the number {assignment_id}; `rencheng role list` shows all")
    store.end_role(connection, assignment_id, actor)
    revoke_sessions(connection, person_id=person_id)
    audit.record(connection, actor, "role.end", f"person {person_id}", {"before": described(found[1])})


def described(role: RoleAssignment) -> dict[str, object]:
    """Return a role in words, for the audit log and for lists."""
    return {
        "role": role.role,
        "regions": sorted(set(role.reach.regions)),
        "worlds": sorted(set(role.reach.worlds)),
        "up_to": None if role.up_to is None else role.up_to.word,
        "until": None if role.until is None else role.until.isoformat(),
    }
