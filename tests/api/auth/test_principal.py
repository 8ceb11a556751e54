"""The reach of a person with several roles: nothing beyond what some role allows, and all of it in the world asked."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.operations.roles import Grant, RoleRules, read_roles
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.access.roles import RoleAssignment
from rencheng.store.places import Place
from services.api.auth.principal import Principal
from services.api.http.errors import InsufficientScope, OutOfReach

REGIONS = ("370102", "370104", "370100", "370000", "130102")
WORLDS = ("actual", "drill", "storm")
SCOPES = (KeyScope.TELEMETRY_READ, KeyScope.OPERATE, KeyScope.ADMIN)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values), max_size=3).map(lambda chosen: tuple(sorted(chosen)))


grants = st.builds(
    Grant,
    st.sets(st.sampled_from(SCOPES), min_size=1).map(frozenset),
    st.builds(Reach, some(REGIONS), some(WORLDS)),
    st.sampled_from([None, *Level]),
)
PLACES = [Place(region, world) for region in (*REGIONS, "370103") for world in WORLDS]


@given(st.lists(grants, max_size=4), st.sampled_from(SCOPES), st.sampled_from([*WORLDS, None]))
def test_a_request_reaches_what_a_role_with_the_scope_reaches(
    given_grants: list[Grant], needed: KeyScope, world: str | None
) -> None:
    principal = Principal("x", "x", tuple(given_grants))
    sufficient = [grant for grant in given_grants if needed in grant.scopes]
    if not sufficient:
        with pytest.raises(InsufficientScope):
            principal.for_route([needed], world)
        return
    try:
        asked = principal.for_route([needed], world)
    except OutOfReach:
        assert world is None
        return
    for place in PLACES:
        allowed = any(grant.reach.includes(place.region, place.world) for grant in sufficient)
        assert asked.reaches([place]) == allowed
        inside = asked.reach.includes(place.region, place.world)
        assert allowed or not inside
        if place.world == world:
            assert inside == allowed
        for scope in asked.scopes:
            assert not inside or any(
                grant.reach.includes(place.region, place.world) for grant in given_grants if scope in grant.scopes
            )
    assert needed in asked.scopes


@given(st.lists(grants, min_size=1, max_size=4), st.sampled_from(Level), st.sampled_from(PLACES))
def test_a_level_is_approved_by_a_role_that_goes_so_far_there(
    given_grants: list[Grant], level: Level, place: Place
) -> None:
    sufficient = [grant for grant in given_grants if KeyScope.ADMIN in grant.scopes]
    if not sufficient:
        return
    asked = Principal("x", "x", tuple(given_grants)).for_route([KeyScope.ADMIN], place.world)
    may = any(
        grant.reach.includes(place.region, place.world) and (grant.up_to is None or grant.up_to >= level)
        for grant in sufficient
    )
    if may:
        asked.require_level(level, [place])
    else:
        with pytest.raises(OutOfReach, match=level.word):
            asked.require_level(level, [place])


def test_a_role_that_has_ended_or_that_no_setting_names_permits_nothing() -> None:
    now = datetime.now(UTC)
    roles = [RoleAssignment("viewer", until=now), RoleAssignment("king"), RoleAssignment("operator")]
    assert [grant.role for grant in RoleRules().grants(roles, now)] == ["operator"]


def test_a_file_changes_roles_and_maps_groups(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("roles") / "roles.yml"
    text = "roles: {viewer: ['warnings:read']}\ngroups: {duty: [{role: viewer, regions: ['370102'], up_to: red}]}"
    path.write_text(text, encoding="utf-8")
    rules = read_roles(path)
    assert rules.scopes["viewer"] == {KeyScope.WARNINGS_READ}
    assert rules.of_groups(["duty", "others"]) == [RoleAssignment("viewer", Reach(("370102",)), Level.RED)]
