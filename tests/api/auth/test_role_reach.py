"""Every route with every role, bound to a region or a world: no session sees or changes what belongs to another."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.reach import Reach
from rencheng.operations.people import save_person
from rencheng.operations.roles import DEFAULT_ROLES
from rencheng.response.calls.forms import PersonForm
from rencheng.store.access.person_sessions import SessionKind, create_session
from rencheng.store.access.roles import RoleAssignment
from tests.api.auth.test_access import GUARDED, needed_scopes
from tests.api.auth.test_reach import answers, filled, snapshot, without_types
from tests.support.api import DRILL
from tests.support.foreign_objects import MARKERS, OWN

__all__ = ["filled"]


@pytest.mark.parametrize("role", sorted(DEFAULT_ROLES))
def test_no_role_sees_or_changes_another_region_or_world_by_any_route(
    anonymous: httpx.Client, filled: Engine, address: str, role: str
) -> None:
    """A display has no role but viewer, and a person may have any: each is tried with each route."""
    _session(filled, role, Reach((OWN,)))  # the person is registered
    before = snapshot(filled)
    for reach in (Reach((OWN,)), Reach((), (DRILL,))):
        headers = {"Origin": address, "X-Requested-With": "rencheng", "Cookie": _session(filled, role, reach)}
        for path, method in GUARDED:
            for answer in answers(anonymous, filled, path, method, headers):
                where = (path, method, answer.status_code)
                assert answer.status_code < 500, where
                if not DEFAULT_ROLES[role].issuperset(needed_scopes(path, method)):
                    assert answer.status_code == 403, where
                elif answer.is_success:
                    shown = without_types(answer.text)
                    assert not [marker for marker in MARKERS if f'"{marker}' in shown], where
            if path == "/v1/me/session":  # signed out
                headers["Cookie"] = _session(filled, role, reach)
    assert snapshot(filled) == before


def _session(engine: Engine, role: str, reach: Reach) -> str:
    """Begin a session of a person with one role; return its cookie."""
    with engine.begin() as connection:
        save_person(connection, PersonForm(person_id="tried", name="tried", regions=(OWN,)), actor="somebody")
        token = create_session(
            connection,
            SessionKind.OIDC,
            "tried",
            person_id="tried",
            roles=[RoleAssignment(role, reach)],
            lasts=timedelta(hours=1),
            idle=None,
            made_by="a test",
        )
    return f"rencheng_session={token}"
