"""A signal's detectors: silent on recorded normal days, plain when the road stands under water."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from device_sims.recordings import signals
from rencheng.domain.evidence import EvidenceKind
from rencheng.domain.reading import SignalEvent
from rencheng.engine.nearby.signals import SignalWatch

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
STANDS, FLOWS = EvidenceKind.TRAFFIC_STANDS, EvidenceKind.TRAFFIC_FLOWS


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def event(minute: float, code: int, parameter: int) -> SignalEvent:
    return SignalEvent("s1", at(minute), code, parameter)


def traffic(begin: float, end: float, detectors: range = range(1, 7)) -> Iterator[SignalEvent]:
    """A vehicle every twelve seconds on each detector, two seconds on it."""
    minute = begin
    while minute < end:
        for detector in detectors:
            yield event(minute, 82, detector)
        for detector in detectors:
            yield event(minute + 2 / 60, 81, detector)
        minute += 0.2


def kinds(watch: SignalWatch, minute: float) -> set[EvidenceKind]:
    return {one.kind for one in watch.evidence(at(minute))}


def watched(*events: SignalEvent) -> SignalWatch:
    watch = SignalWatch("s1")
    for one in sorted(events, key=lambda each: each.time):
        watch.take(one)
    return watch


def flooded(blocked: range, *, until: float = 55) -> list[SignalEvent]:
    """Forty minutes of traffic; then it stands on some detectors and goes on at others."""
    free = range(blocked.stop, 7)
    return [
        *traffic(0, 40),
        *(event(40.01, 82, detector) for detector in blocked),
        *traffic(40.1, until, free),
        *(event(minute / 2, 1, 2) for minute in range(int(until) * 2)),
    ]


@pytest.mark.parametrize("signal", signals(), ids=lambda signal: signal.signal_id)
def test_on_a_recorded_hour_traffic_never_stands(signal: object) -> None:
    watch = SignalWatch("s1")
    gauge_after: set[EvidenceKind] = set()
    for number, one in enumerate(signal.events):  # type: ignore[attr-defined]
        time = NOON + timedelta(seconds=one.offset_tenths / 10)
        watch.take(SignalEvent("s1", time, one.event_id, one.parameter))
        if number % 100 == 0:
            gauge_after |= {one.kind for one in watch.evidence(time)}

    assert gauge_after <= {FLOWS}
    assert FLOWS in gauge_after


def test_a_road_that_stands_is_seen_after_two_bins_and_not_before() -> None:
    events = flooded(range(1, 4))

    def until(minute: float) -> set[EvidenceKind]:
        return kinds(watched(*(each for each in events if each.time <= at(minute))), minute)

    assert [STANDS in until(minute) for minute in (39, 46, 49, 50.5)] == [False, False, False, True]


def test_it_is_over_when_traffic_flows_again() -> None:
    events = [*flooded(range(1, 4), until=52), *(event(52, 81, detector) for detector in (1, 2, 3)), *traffic(52, 70)]

    assert STANDS not in kinds(watched(*events), 60.5)


def test_one_detector_that_sticks_says_nothing() -> None:
    assert STANDS not in kinds(watched(*flooded(range(1, 2))), 54)


def test_a_detector_with_a_fault_says_nothing_until_it_is_restored() -> None:
    events = flooded(range(1, 3))
    faults = [event(30, 88, detector) for detector in (1, 2)]

    assert STANDS in kinds(watched(*events), 54)
    assert STANDS not in kinds(watched(*events, *faults), 54)
    assert STANDS in kinds(watched(*events, *faults, event(31, 83, 1), event(31, 83, 2)), 54)


def test_an_empty_road_is_no_road_that_stands() -> None:
    quiet = [event(40 + minute / 2, 1, 2) for minute in range(30)]

    assert kinds(watched(*traffic(0, 40), *quiet), 54) == set()


def test_a_silent_signal_gives_no_evidence_of_traffic() -> None:
    watch = watched(*traffic(0, 60))

    assert FLOWS in kinds(watch, 60)
    assert kinds(watch, 63) == set()


def test_after_a_gap_the_usual_count_is_learned_again() -> None:
    assert FLOWS not in kinds(watched(*traffic(0, 60), *traffic(70, 80)), 80)


@pytest.mark.parametrize(
    ("events", "kinds_reported"),
    [
        ([(0, 173, 6)], {EvidenceKind.SIGNAL_FLASHES}),
        ([(0, 173, 5)], {EvidenceKind.SIGNAL_FLASHES}),
        ([(0, 173, 3)], set()),
        ([(0, 173, 6), (5, 173, 2)], set()),
        ([(0, 182, 0)], {EvidenceKind.SIGNAL_WITHOUT_POWER}),
        ([(0, 182, 0), (1, 184, 0)], set()),
    ],
)
def test_flash_by_a_fault_and_lost_power(
    events: list[tuple[float, int, int]], kinds_reported: set[EvidenceKind]
) -> None:
    watch = watched(*(event(*each) for each in events))

    assert kinds(watch, 9) == kinds_reported
    assert all(one.since == at(0) for one in watch.evidence(at(9)))


def test_a_late_event_is_passed_over() -> None:
    watch = SignalWatch("s1")
    for one in (event(5, 184, 0), event(4, 182, 0)):
        watch.take(one)

    assert kinds(watch, 6) == set()


def test_looking_in_between_changes_nothing() -> None:
    events = sorted(flooded(range(1, 4)), key=lambda each: each.time)
    often, once = SignalWatch("s1"), watched(*events)
    for one, number in zip(events, itertools.count(), strict=False):
        often.take(one)
        if number % 50 == 0:
            often.evidence(one.time)

    assert kinds(often, 54) == kinds(once, 54)
