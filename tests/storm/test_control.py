"""What rises is always heard; everything else is heard as often as a person can read."""

import itertools
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope
from services.alerts.suppression.policy import (
    INHIBITED,
    NEVER_NOTIFIED,
    THROTTLED,
    UPDATE_EVERY,
    Decision,
    SiteDelivery,
)
from tests.storm.storm_play import HUAIYIN, LIXIA, Storm, at, delivered, place

NONE, BLUE, YELLOW, ORANGE, RED = Level


def storm() -> Storm:
    return Storm(place("A"), place("B"), place("C", HUAIYIN), place("D", world="drill"))


def test_a_red_region_mutes_its_blue_points_and_no_others() -> None:
    city = storm()

    assert delivered(city.goes("A", RED, 0)) == [("A", "red")]
    [muted] = city.goes("B", BLUE, 1)
    assert muted.suppressed_by == INHIBITED
    assert delivered(city.goes("C", BLUE, 1)) == [("C", "blue")]
    assert delivered(city.goes("D", BLUE, 1)) == [("D", "blue")]


def test_a_muted_blue_that_becomes_yellow_speaks_at_once() -> None:
    city = storm()
    city.goes("A", RED, 0)
    city.goes("B", BLUE, 1)

    assert delivered(city.goes("B", YELLOW, 1.1)) == [("B", "yellow")]


def test_what_a_red_region_muted_is_told_when_it_is_red_no_more() -> None:
    city = storm()
    city.goes("A", RED, 0)
    city.goes("B", BLUE, 1)

    assert delivered(city.goes("A", NONE, 20)) == [("A", "none"), ("B", "blue")]
    assert city.control.tick("actual", at(21)) == []


def test_the_end_of_a_warning_that_nobody_was_told_of_is_not_told() -> None:
    city = storm()
    city.goes("A", RED, 0)
    city.goes("B", BLUE, 1)
    [ended] = city.goes("B", NONE, 2)

    assert ended.suppressed_by == NEVER_NOTIFIED
    assert delivered(city.goes("A", NONE, 20)) == [("A", "none")]


def test_updates_wait_unless_they_rise_and_then_the_newest_is_told() -> None:
    city = storm()
    city.goes("A", ORANGE, 0)
    [held] = city.goes("A", YELLOW, 1)
    assert held.suppressed_by == THROTTLED
    city.goes("A", BLUE, 2)
    assert city.control.tick("actual", at(9.9)) == []
    assert delivered(city.control.tick("actual", at(10))) == [("A", "blue")]
    assert delivered(city.goes("A", YELLOW, 10.1)) == [("A", "yellow")]
    assert delivered(city.goes("A", NONE, 10.2)) == [("A", "none")]


@pytest.mark.parametrize(
    "scope", [MuteScope(site_id="A"), MuteScope(region=LIXIA), MuteScope(region="370100"), MuteScope(catchment="C1")]
)
def test_a_silence_mutes_up_to_its_level_and_no_higher(scope: MuteScope) -> None:
    city = Storm(place("A", catchment="C1"), place("C", HUAIYIN if scope.region != "370100" else "110101"))
    city.silence(scope, YELLOW, 0, 60)

    assert [each.suppressed_by for each in city.goes("A", YELLOW, 1)] == ["silence-1"]
    assert delivered(city.goes("C", YELLOW, 1)) == [("C", "yellow")]
    assert delivered(city.goes("A", ORANGE, 2)) == [("A", "orange")]


def test_a_silence_also_keeps_updates_of_what_was_told_before() -> None:
    city = storm()
    city.goes("A", YELLOW, 0)
    city.silence(MuteScope(site_id="A"), YELLOW, 1, 60)

    assert [each.suppressed_by for each in city.goes("A", BLUE, 20)] == ["silence-1"]
    assert delivered(city.goes("A", NONE, 30)) == [("A", "none")]


def test_a_silence_that_ends_gives_up_what_it_kept() -> None:
    city = storm()
    city.silence(MuteScope(site_id="A"), RED, 0, 30)
    city.goes("A", RED, 1)

    assert city.control.tick("actual", at(29.9)) == []
    assert delivered(city.control.tick("actual", at(30))) == [("A", "red")]


def test_a_red_that_is_kept_silent_mutes_nobody_else() -> None:
    city = storm()
    city.silence(MuteScope(site_id="A"), RED, 0, 30)
    city.goes("A", RED, 1)

    assert delivered(city.goes("B", BLUE, 2)) == [("B", "blue")]


def test_a_silence_of_an_exercise_mutes_nothing_live() -> None:
    city = storm()
    city.silence(MuteScope("drill", region=LIXIA), RED, 0, 30)

    assert delivered(city.goes("A", BLUE, 1)) == [("A", "blue")]
    assert delivered(city.goes("D", RED, 1)) == []


def test_control_goes_on_from_what_was_recorded() -> None:
    city, later = storm(), storm()
    for site_id, level, minute in (("A", RED, 0), ("B", BLUE, 1), ("C", ORANGE, 2), ("C", BLUE, 3)):
        city.goes(site_id, level, minute)
    later.control.restore({site_id: city.control.delivery_of(site_id) for site_id in "ABC"})

    assert [site.site_id for site, _ in later.control.suppressed("actual")] == ["B", "C"]
    assert delivered(later.control.tick("actual", at(12))) == [("C", "blue")]
    assert delivered(later.goes("A", NONE, 13)) == [("A", "none"), ("B", "blue")]


def test_a_site_that_is_gone_is_forgotten() -> None:
    city = storm()
    city.goes("A", RED, 0)
    city.control.set_sites({"B": place("B"), "A": place("A", world="drill")})

    assert city.control.delivery_of("A") == SiteDelivery()
    assert delivered(city.goes("B", BLUE, 1)) == [("B", "blue")]


def test_a_red_site_that_moves_to_another_region_mutes_there() -> None:
    city = storm()
    city.goes("A", RED, 0)
    city.control.set_sites({**city.control.sites, "A": place("A", HUAIYIN)})

    assert delivered(city.goes("B", BLUE, 1)) == [("B", "blue")]
    assert delivered(city.goes("C", BLUE, 1)) == []


levels = st.sampled_from(Level)
steps = st.lists(
    st.one_of(
        *[st.tuples(st.just("goes"), st.sampled_from("ABCD"), levels)] * 3,
        st.tuples(st.just("silence"), st.sampled_from(["A", "B", LIXIA]), st.sampled_from([BLUE, YELLOW, RED])),
        st.tuples(st.just("end"), st.just(""), st.just(NONE)),
    ),
    max_size=40,
)


class Dispatcher:
    """Knows only what was delivered."""

    def __init__(self, city: Storm) -> None:
        self.city = city
        self.heard: dict[str, Level] = defaultdict(lambda: NONE)
        self.calm: dict[str, list[int]] = defaultdict(list)
        self.names: list[str] = []

    def hear(self, verdicts: list[Decision], minute: int) -> None:
        for word in (each.message for each in verdicts if each.suppressed_by is None):
            level = word.level
            if NONE < level <= self.heard[word.site_id]:
                self.calm[word.site_id].append(minute)
            self.heard[word.site_id] = level
            self.names.append(word.identifier)

    def tick(self, minute: int) -> None:
        """As the service does after every step."""
        for world in ("actual", "drill"):
            self.hear(self.city.control.tick(world, at(minute)), minute)


def happens(city: Storm, what: str, name: str, level: Level, minute: int) -> list[Decision]:
    if what == "goes" and city.control.delivery_of(name).level is not level:
        return city.goes(name, level, minute)
    if what == "silence":
        city.silence(MuteScope(region=name) if name == LIXIA else MuteScope(site_id=name), level, minute, minute + 15)
    elif what == "end":
        city.end_silences(minute)
    return []


@given(steps, st.lists(st.integers(0, 8), min_size=40, max_size=40))
def test_nothing_that_rises_is_ever_lost(story: list[tuple[str, str, Level]], gaps: list[int]) -> None:
    city, minute = storm(), 0
    dispatch = Dispatcher(city)
    for (what, name, level), gap in zip(story, gaps, strict=False):
        minute += gap
        dispatch.hear(happens(city, what, name, level, minute), minute)
        dispatch.tick(minute)
        for site_id, site in city.control.sites.items():
            line = city.control.delivery_of(site_id)
            assert dispatch.heard[site_id] is line.sent
            assert line.level <= line.sent or line.level <= city.control.mute_of(site, at(minute))[0]
            assert line.level is not NONE or line.sent is NONE

    minute += 60
    city.end_silences(minute)
    dispatch.tick(minute)
    dispatch.tick(minute)
    for site_id, site in city.control.sites.items():  # only what a red region mutes may still wait
        level = city.control.delivery_of(site_id).level
        assert dispatch.heard[site_id] is level or (level, city.control.mute_of(site, at(minute))[1]) == (
            BLUE,
            INHIBITED,
        )
    assert len(set(dispatch.names)) == len(dispatch.names)
    every = UPDATE_EVERY.total_seconds() / 60
    for minutes in dispatch.calm.values():
        assert all(later - earlier >= every for earlier, later in itertools.pairwise(minutes))
