"""The policy nearest to the site decides; a city without policies has the built-in ones."""

import pytest

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.calls.policy import BUILT_IN, CallPolicy, choose_policy
from tests.response.calls.plays import step


def made(name: str, region: str, site_type: SiteType | None = None, level: Level = Level.RED) -> CallPolicy:
    return CallPolicy(name, 1, region, site_type, level, (step("keeper"),), 900.0)


ALL = [
    made("province", "370000"),
    made("city", "370100"),
    made("district", "370102"),
    made("tunnels", "370100", SiteType.TUNNEL),
    made("elsewhere", "370104"),
    made("orange", "370102", level=Level.ORANGE),
]


@pytest.mark.parametrize(
    ("region", "site_type", "level", "name"),
    [
        ("370102", SiteType.ROAD, Level.RED, "district"),
        ("370102", SiteType.TUNNEL, Level.RED, "tunnels"),
        ("370103", SiteType.ROAD, Level.RED, "city"),
        ("370202", SiteType.ROAD, Level.RED, "province"),
        ("370102", SiteType.ROAD, Level.ORANGE, "orange"),
        ("370102", SiteType.ROAD, Level.YELLOW, "built-in-yellow"),
    ],
)
def test_the_nearest_policy_decides(region: str, site_type: SiteType, level: Level, name: str) -> None:
    found = choose_policy(ALL, region, site_type, level)
    assert found is not None
    assert found.policy_id == name


def test_blue_calls_nobody_and_built_in_policies_become_more_urgent() -> None:
    assert choose_policy([], "370102", SiteType.ROAD, Level.BLUE) is None
    first_waits = [BUILT_IN[level].steps[0].wait_s for level in (Level.YELLOW, Level.ORANGE, Level.RED)]
    assert first_waits == [900.0, 600.0, 300.0]
