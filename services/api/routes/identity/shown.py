"""Roles in responses."""

from datetime import datetime
from typing import Any

from rencheng.domain.level import WarningLevelWord
from rencheng.store.access.roles import RoleAssignment
from services.api.deps import Zone
from services.api.http.models import ApiModel, example, local

ROLE: dict[str, Any] = {
    "assignment_id": 7,
    "role": "approver",
    "regions": ["370102"],
    "worlds": ["actual"],
    "up_to": "orange",
    "until": None,
    "made_by": "shell duty",
    "made_at": "2026-07-01T09:00:00+08:00",
}


class GivenRole(ApiModel):
    """A role of a person 角色."""

    model_config = example(**ROLE)

    assignment_id: int | None
    """null: by a group of the identity provider, or of the display."""
    role: str
    regions: list[str]
    """With all below them; empty: all regions."""
    worlds: list[str]
    """Empty: all worlds."""
    up_to: WarningLevelWord | None
    """The highest level that the person approves; null: any."""
    until: datetime | None
    """When it ends by itself; null: never."""
    made_by: str | None
    made_at: datetime | None


def shown_role(role: RoleAssignment, zone: Zone) -> GivenRole:
    """Return a role as it is shown."""
    return GivenRole(
        assignment_id=role.assignment_id,
        role=role.role,
        regions=list(role.reach.regions),
        worlds=list(role.reach.worlds),
        up_to=None if role.up_to is None else role.up_to.warning_word,
        until=role.until and local(role.until, zone),
        made_by=role.made_by,
        made_at=role.made_at and local(role.made_at, zone),
    )
