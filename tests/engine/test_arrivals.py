"""Readings that arrive late or many together enter their gauge's series; a warning says how old they are."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.text.sentences import compose
from tests.support.gauge_play import NOON, at, reading, site
from tests.support.streams import PUBLISHER

if TYPE_CHECKING:
    from rencheng.domain.warning import SiteNotice, WarningMessage
    from rencheng.engine.record import Evaluation

SITE = site("S", "G1", "G2")


class Gauges:
    """A site whose readings are sent by the minute of their arrival."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self.evaluator = Evaluator(wait=timedelta(seconds=wait_s))
        self.evaluator.set_sites({"S": SITE})
        self.messages: list[WarningMessage] = []
        self.notices: list[SiteNotice] = []

    def send(self, arrives: float, samples: Iterable[tuple[float, float]], gauge: str = "G1") -> None:
        """Send samples (minute, depth) that arrive in one message."""
        samples = list(samples)
        for minute, depth_mm in samples:
            one = reading(minute, depth_mm, gauge)
            self._take(self.evaluator.process(one, at(arrives), is_followed=minute < samples[-1][0]))

    def tick(self, minute: float) -> None:
        self._take(self.evaluator.tick(at(minute)))

    def _take(self, evaluations: "Iterable[Evaluation]") -> None:
        for one in evaluations:
            self.evaluator.commit(one)
            self.messages += [one.message] if one.message else []
            self.notices += [one.notice] if one.notice else []

    @property
    def level(self) -> Level:
        return self.evaluator.record("S").state.level


def test_a_gauge_that_is_always_ten_minutes_late_warns_and_says_so() -> None:
    gauges = Gauges()
    for minute in range(60):
        gauges.send(minute + 10, [(minute, max(0.0, 15.0 * (minute - 20)))])

    assert gauges.level is Level.RED
    assert gauges.notices == []
    assert {one.grounds.age_s for one in gauges.messages} == {600.0}
    first = gauges.messages[0]
    assert first.issued_at >= at(30)
    composed = compose(first, SITE, PUBLISHER)
    assert "采集于10分钟前" in composed.chinese.description
    assert "10 min ago" in composed.english.description


def test_a_batch_is_judged_at_its_newest_reading() -> None:
    gauges = Gauges()
    for batch in range(3):
        samples = [(30.0 * batch + minute, 0.0) for minute in range(30)]
        gauges.send(30 * (batch + 1), samples)
    gauges.send(120, [(90.0 + minute, min(12.0 * minute, 12.0 * (32 - minute))) for minute in range(30)])
    assert [one.level for one in gauges.messages] == []  # it rose to 192 and fell to 36 mm in the batch

    gauges.send(150, [(120.0 + minute, 12.0 * minute) for minute in range(30)])
    assert gauges.level >= Level.ORANGE
    assert len(gauges.messages) <= 3
    assert gauges.messages[0].issued_at >= at(145)


def test_a_gauge_that_sends_each_half_hour_is_not_reported_lost_each_half_hour() -> None:
    gauges = Gauges()
    for batch in range(48):
        for minute in range(30):
            gauges.tick(30 * batch + minute)
        gauges.send(30 * (batch + 1), [(30.0 * batch + minute, 0.0) for minute in range(30)])

    assert len(gauges.notices) <= 2
    assert gauges.evaluator.record("S").state.lost_since_s is None


def test_a_late_gauge_beside_a_punctual_one_is_evaluated_at_its_own_newest() -> None:
    gauges = Gauges()
    for minute in range(90):
        gauges.send(minute, [(minute, 0.0)], "G2")
        if minute >= 20:
            gauges.send(minute, [(minute - 20, max(0.0, 15.0 * (minute - 40)))], "G1")

    assert gauges.level is Level.RED


@pytest.mark.parametrize("ahead_s", [60, 240])
def test_a_warning_is_never_issued_in_the_future_of_our_clock(ahead_s: float) -> None:
    gauges = Gauges()
    for minute in range(40):
        gauges.send(minute, [(minute + ahead_s / 60, max(0.0, 15.0 * (minute - 10)))])

    assert gauges.level is Level.RED
    arrivals = [at(minute) for minute in range(40)]
    assert all(one.issued_at in arrivals for one in gauges.messages)


@given(
    st.lists(st.integers(0, 29), min_size=30, max_size=60),
    st.integers(0, 59),
    st.sampled_from([0.0, 60.0]),
)
def test_late_readings_are_evaluated_in_order_across_a_restart(lags: list[int], restart: int, wait_s: float) -> None:
    """Of a gauge whose every reading is late by up to half an hour, and messages never go back in time."""
    arrivals = sorted((minute + lag, minute) for minute, lag in enumerate(lags))
    gauges = Gauges(wait_s)
    for place, (arrives, minute) in enumerate(arrivals):
        gauges.send(arrives, [(minute, max(0.0, 20.0 * (minute - 5)))])
        if place == restart:
            kept = SiteRecord.from_json(gauges.evaluator.record("S").to_json())
            pending = gauges.evaluator.dirty_records().get("S")
            again = Gauges(wait_s)
            again.evaluator.restore({"S": SiteRecord.from_json(pending.to_json()) if pending else kept})
            again.messages, gauges = gauges.messages, again
    gauges.tick(arrivals[-1][0] + 2)

    assert gauges.level is Level.RED
    times = [one.issued_at for one in gauges.messages]
    assert times == sorted(times)
    assert all(one >= NOON for one in times)
