"""A rise is always delivered; everything else as often as a person can read."""

import itertools
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope
from rencheng.domain.suppression import SuppressionReason
from services.alerts.suppression.policy import UPDATE_EVERY, Decision, SiteDelivery
from tests.alerts.suppression.city import HUAIYIN, LIXIA, City, at, delivered, place

NONE, BLUE, YELLOW, ORANGE, RED = Level


def new_city() -> City:
    return City(place("A"), place("B"), place("C", HUAIYIN), place("D", world="drill"))


def test_a_red_region_mutes_its_blue_points_and_no_others() -> None:
    city = new_city()

    assert delivered(city.change("A", RED, 0)) == [("A", "red")]
    [muted] = city.change("B", BLUE, 1)
    assert muted.suppressed_by == SuppressionReason.INHIBITED
    assert delivered(city.change("C", BLUE, 1)) == [("C", "blue")]
    assert delivered(city.change("D", BLUE, 1)) == [("D", "blue")]


def test_an_inhibited_blue_that_becomes_yellow_is_delivered_at_once() -> None:
    city = new_city()
    city.change("A", RED, 0)
    city.change("B", BLUE, 1)

    assert delivered(city.change("B", YELLOW, 1.1)) == [("B", "yellow")]


def test_the_first_proof_of_a_possible_level_is_delivered_at_once_and_only_once() -> None:
    city = new_city()
    city.change("A", ORANGE, 0, is_possible=True)

    [lower] = city.change("A", YELLOW, 0.5)
    assert lower.suppressed_by == SuppressionReason.THROTTLED
    assert delivered(city.change("A", ORANGE, 1)) == [("A", "orange")]
    [again] = city.change("A", ORANGE, 1.5, is_possible=True)
    assert again.suppressed_by == SuppressionReason.THROTTLED
    [repeated] = city.change("A", ORANGE, 2)
    assert repeated.suppressed_by == SuppressionReason.THROTTLED


def test_what_a_red_region_inhibited_is_delivered_when_no_site_is_red() -> None:
    city = new_city()
    city.change("A", RED, 0)
    city.change("B", BLUE, 1)

    assert delivered(city.change("A", NONE, 20)) == [("A", "none"), ("B", "blue")]
    assert city.policy.tick("actual", at(21)) == []


def test_the_end_of_a_warning_that_was_never_delivered_is_not_delivered() -> None:
    city = new_city()
    city.change("A", RED, 0)
    city.change("B", BLUE, 1)
    [ended] = city.change("B", NONE, 2)

    assert ended.suppressed_by == SuppressionReason.NEVER_NOTIFIED
    assert delivered(city.change("A", NONE, 20)) == [("A", "none")]


def test_updates_are_throttled_unless_they_rise_and_then_the_newest_is_delivered() -> None:
    city = new_city()
    city.change("A", ORANGE, 0)
    [update] = city.change("A", YELLOW, 1)
    assert update.suppressed_by == SuppressionReason.THROTTLED
    city.change("A", BLUE, 2)
    assert city.policy.tick("actual", at(9.9)) == []
    assert delivered(city.policy.tick("actual", at(10))) == [("A", "blue")]
    assert delivered(city.change("A", YELLOW, 10.1)) == [("A", "yellow")]
    assert delivered(city.change("A", NONE, 10.2)) == [("A", "none")]


@pytest.mark.parametrize(
    "scope", [MuteScope(site_id="A"), MuteScope(region=LIXIA), MuteScope(region="370100"), MuteScope(catchment="C1")]
)
def test_a_silence_mutes_up_to_its_level_and_no_higher(scope: MuteScope) -> None:
    city = City(place("A", catchment="C1"), place("C", HUAIYIN if scope.region != "370100" else "110101"))
    city.silence(scope, YELLOW, 0, 60)

    assert [each.suppressed_by for each in city.change("A", YELLOW, 1)] == ["silence-1"]
    assert delivered(city.change("C", YELLOW, 1)) == [("C", "yellow")]
    assert delivered(city.change("A", ORANGE, 2)) == [("A", "orange")]


def test_a_silence_suppresses_updates_of_a_warning_that_was_delivered_before() -> None:
    city = new_city()
    city.change("A", YELLOW, 0)
    city.silence(MuteScope(site_id="A"), YELLOW, 1, 60)

    assert [each.suppressed_by for each in city.change("A", BLUE, 20)] == ["silence-1"]
    assert delivered(city.change("A", NONE, 30)) == [("A", "none")]


def test_a_silence_that_ends_releases_what_it_suppressed() -> None:
    city = new_city()
    city.silence(MuteScope(site_id="A"), RED, 0, 30)
    city.change("A", RED, 1)

    assert city.policy.tick("actual", at(29.9)) == []
    assert delivered(city.policy.tick("actual", at(30))) == [("A", "red")]


def test_a_red_warning_under_a_silence_inhibits_no_other() -> None:
    city = new_city()
    city.silence(MuteScope(site_id="A"), RED, 0, 30)
    city.change("A", RED, 1)

    assert delivered(city.change("B", BLUE, 2)) == [("B", "blue")]


def test_a_silence_of_an_exercise_mutes_nothing_live() -> None:
    city = new_city()
    city.silence(MuteScope("drill", region=LIXIA), RED, 0, 30)

    assert delivered(city.change("A", BLUE, 1)) == [("A", "blue")]
    assert delivered(city.change("D", RED, 1)) == []


def test_the_policy_goes_on_from_recorded_deliveries() -> None:
    city, later = new_city(), new_city()
    for site_id, level, minute in (("A", RED, 0), ("B", BLUE, 1), ("C", ORANGE, 2), ("C", BLUE, 3)):
        city.change(site_id, level, minute)
    later.policy.restore({site_id: city.policy.delivery_of(site_id) for site_id in "ABC"})

    assert [site.site_id for site, _ in later.policy.suppressed("actual")] == ["B", "C"]
    assert delivered(later.policy.tick("actual", at(12))) == [("C", "blue")]
    assert delivered(later.change("A", NONE, 13)) == [("A", "none"), ("B", "blue")]


def test_a_site_that_is_removed_is_forgotten() -> None:
    city = new_city()
    city.change("A", RED, 0)
    city.policy.set_sites({"B": place("B"), "A": place("A", world="drill")})

    assert city.policy.delivery_of("A") == SiteDelivery()
    assert delivered(city.change("B", BLUE, 1)) == [("B", "blue")]


def test_a_red_site_that_moves_to_another_region_mutes_there() -> None:
    city = new_city()
    city.change("A", RED, 0)
    city.policy.set_sites({**city.policy.sites, "A": place("A", HUAIYIN)})

    assert delivered(city.change("B", BLUE, 1)) == [("B", "blue")]
    assert delivered(city.change("C", BLUE, 1)) == []


levels = st.sampled_from(Level)
steps = st.lists(
    st.one_of(
        *[st.tuples(st.just("change"), st.sampled_from("ABCD"), levels)] * 3,
        st.tuples(st.just("silence"), st.sampled_from(["A", "B", LIXIA]), st.sampled_from([BLUE, YELLOW, RED])),
        st.tuples(st.just("end"), st.just(""), st.just(NONE)),
    ),
    max_size=40,
)


class Dispatcher:
    """A receiver that knows only what was delivered."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.known: dict[str, Level] = defaultdict(lambda: NONE)
        self.updates: dict[str, list[int]] = defaultdict(list)
        self.names: list[str] = []

    def receive(self, decisions: list[Decision], minute: int) -> None:
        for message in (each.message for each in decisions if each.suppressed_by is None):
            level = message.level
            if NONE < level <= self.known[message.site_id]:
                self.updates[message.site_id].append(minute)
            self.known[message.site_id] = level
            self.names.append(message.identifier)

    def tick(self, minute: int) -> None:
        """Release what may be released, as the service does in every turn."""
        for world in ("actual", "drill"):
            self.receive(self.city.policy.tick(world, at(minute)), minute)


def apply(city: City, what: str, name: str, level: Level, minute: int) -> list[Decision]:
    if what == "change" and city.policy.delivery_of(name).level is not level:
        return city.change(name, level, minute)
    if what == "silence":
        city.silence(MuteScope(region=name) if name == LIXIA else MuteScope(site_id=name), level, minute, minute + 15)
    elif what == "end":
        city.end_silences(minute)
    return []


@given(steps, st.lists(st.integers(0, 8), min_size=40, max_size=40))
def test_no_rise_is_ever_lost(story: list[tuple[str, str, Level]], gaps: list[int]) -> None:
    city, minute = new_city(), 0
    dispatch = Dispatcher(city)
    for (what, name, level), gap in zip(story, gaps, strict=False):
        minute += gap
        dispatch.receive(apply(city, what, name, level, minute), minute)
        dispatch.tick(minute)
        for site_id, site in city.policy.sites.items():
            delivery = city.policy.delivery_of(site_id)
            assert dispatch.known[site_id] is delivery.sent
            assert delivery.level <= delivery.sent or delivery.level <= city.policy.mute_of(site, at(minute))[0]
            assert delivery.level is not NONE or delivery.sent is NONE

    minute += 60
    city.end_silences(minute)
    dispatch.tick(minute)
    dispatch.tick(minute)
    for site_id, site in city.policy.sites.items():  # only what a red region inhibits may still wait
        level = city.policy.delivery_of(site_id).level
        assert dispatch.known[site_id] is level or (level, city.policy.mute_of(site, at(minute))[1]) == (
            BLUE,
            SuppressionReason.INHIBITED,
        )
    assert len(set(dispatch.names)) == len(dispatch.names)
    every = UPDATE_EVERY.total_seconds() / 60
    for minutes in dispatch.updates.values():
        assert all(later - earlier >= every for earlier, later in itertools.pairwise(minutes))
