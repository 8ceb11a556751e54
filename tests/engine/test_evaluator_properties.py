"""The same readings give the same warnings: in any batches, wherever the engine starts again, in whatever order within
the lateness that is waited for."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.device import ACTUAL
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from tests.support.evaluation import messages_at, messages_of
from tests.support.gauge_play import NOON, at, reading, site

WORLD = "drill"
RAIN = BoundSensor("R", Role.RAIN)
SITES: dict[str, Site] = {
    one.site_id: replace(one, sensors=(*one.sensors, RAIN))
    for one in (
        replace(site("tunnel", "T1", "T2", "T3", world=WORLD), site_type=SiteType.TUNNEL),
        replace(site("road", "A", world=WORLD), site_type=SiteType.ROAD),
        replace(site("channel", "C", world=WORLD), site_type=SiteType.CHANNEL),
    )
}

_RISES_MM = st.sampled_from([0.0, 0.0, 4.0, 12.0, 40.0, 150.0, -20.0, -150.0])
_ODD = st.sampled_from([*["as it is"] * 12, "lost", "unmeasured", "blip", "absurd", "silence"])


@st.composite
def gauge_days(draw: st.DrawFn, gauge: str) -> list[WaterReading]:
    """A gauge above water that rises and falls in stretches, and at times it lies, is mute or says it is blind."""
    minute, depth_mm, found = draw(st.integers(0, 59)) / 60, 0.0, list[WaterReading]()
    for rise_mm, samples in draw(st.lists(st.tuples(_RISES_MM, st.integers(1, 12)), max_size=6)):
        for _ in range(samples):
            odd = draw(_ODD)
            minute += 30 if odd == "silence" else 1
            depth_mm = min(max(depth_mm + rise_mm, 0.0), 1500.0)
            shown_mm = {"blip": depth_mm + 400, "absurd": 50_000.0}.get(odd, depth_mm)
            if odd == "unmeasured":
                found.append(reading(minute, None, gauge, quality=Quality.MISSING))
            elif odd != "lost":
                flags = Quality.GROSS_RANGE if odd == "absurd" else Quality.NOTHING_FOUND
                found.append(reading(minute, shown_mm, gauge, quality=flags))
    return found


@st.composite
def rain(draw: st.DrawFn) -> list[WaterReading]:
    steps = draw(st.lists(st.sampled_from([0.0, 0.0, 0.2, 2.0, 6.0, 12.0]), max_size=20))
    return [WaterReading("R", 0, at(5 * step), rain_mm=mm) for step, mm in enumerate(steps)]


@st.composite
def cities(draw: st.DrawFn) -> list[WaterReading]:
    """All gauges of the city, in order of sample time."""
    gauges = [draw(gauge_days(name)) for one in SITES.values() for name in one.depth_gauge_ids]
    return sorted(
        [one for gauge in [*gauges, draw(rain())] for one in gauge], key=lambda one: (one.time, one.device_id)
    )


def judged(evaluator: Evaluator, readings: Iterable[WaterReading]) -> list[WarningMessage]:
    return [message for one in readings for message in messages_of(evaluator, one, NOON)]


def new_evaluator(wait: timedelta = timedelta(0), sites: dict[str, Site] = SITES) -> Evaluator:
    evaluator = Evaluator(wait=wait)
    evaluator.set_sites(sites)
    return evaluator


def begun_again(
    records: dict[str, SiteRecord], wait: timedelta = timedelta(0), sites: dict[str, Site] = SITES
) -> Evaluator:
    """Another process, with what the database kept."""
    kept = json.loads(json.dumps({name: record.to_json() for name, record in records.items()}))
    evaluator = new_evaluator(wait, sites)
    evaluator.restore({name: SiteRecord.from_json(record) for name, record in kept.items()})
    return evaluator


@given(cities(), st.lists(st.integers(0, 200), max_size=4))
def test_wherever_the_engine_starts_again_the_warnings_are_the_same(
    readings: Sequence[WaterReading], cuts: list[int]
) -> None:
    whole = judged(new_evaluator(), readings)
    evaluator, records, found, begin = new_evaluator(), dict[str, SiteRecord](), list[WarningMessage](), 0
    for cut in [*sorted(cuts), len(readings)]:
        found += judged(evaluator, readings[begin:cut])
        records |= evaluator.dirty_records()
        evaluator, begin = begun_again(records), max(begin, cut)

    assert found == whole


@given(cities(), st.integers(1, 30))
def test_in_whatever_batches_readings_come_the_warnings_are_the_same(
    readings: Sequence[WaterReading], size: int
) -> None:
    evaluator, found = new_evaluator(), list[WarningMessage]()
    for begin in range(0, len(readings), size):
        found += judged(evaluator, readings[begin : begin + size])
        evaluator.dirty_records()  # as the outbox does after each batch

    assert found == judged(new_evaluator(), readings)


@given(cities(), st.data())
def test_readings_that_come_again_after_a_restart_change_nothing(
    readings: Sequence[WaterReading], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(readings)))
    again = data.draw(st.integers(0, cut))
    first = new_evaluator()
    found = judged(first, readings[:cut])
    found += judged(begun_again(first.dirty_records()), readings[again:])

    assert found == judged(new_evaluator(), readings)


WAITS = timedelta(seconds=100)
LIVE_SITES = {name: replace(one, world=ACTUAL) for name, one in SITES.items()}
LAST = WaterReading("T1", 0, at(10_000), quality=Quality.MISSING)
"""Says nothing, and lets everything in that waits."""

Arrivals = list[tuple[WaterReading, datetime]]
"""Readings as they came, each with when it reached us."""


@st.composite
def jumbled(draw: st.DrawFn) -> Arrivals:
    """A city's readings as they come over a network that is late by up to what is waited for."""
    some = draw(cities())
    delays = [draw(st.sampled_from([0.0, 1.0, 50.0, 99.0, 100.0])) for _ in some]
    late = [(one, one.time + timedelta(seconds=delay_s)) for one, delay_s in zip(some, delays, strict=True)]
    return sorted(late, key=lambda arrival: arrival[1])


def in_order(arrivals: Arrivals) -> Arrivals:
    """The same, had each come at once; of one moment, rain first."""
    readings = sorted((one for one, _ in arrivals), key=lambda one: (one.time, one.rain_mm is None, one.device_id))
    return [(one, one.time) for one in readings]


@given(jumbled(), st.lists(st.integers(0, 200), max_size=4), st.sampled_from([SITES, LIVE_SITES]))
def test_in_whatever_order_readings_come_within_what_is_waited_for_the_warnings_are_the_same(
    arrivals: Arrivals, cuts: list[int], sites: dict[str, Site]
) -> None:
    at_once = new_evaluator(sites=sites)
    whole = [message for one, received_at in in_order(arrivals) for message in messages_of(at_once, one, received_at)]
    whole += messages_of(at_once, LAST, LAST.time)
    evaluator, records, found, begin = new_evaluator(WAITS, sites), dict[str, SiteRecord](), list[WarningMessage](), 0
    for cut in [*sorted(cuts), len(arrivals)]:
        found += [
            message for one, received_at in arrivals[begin:cut] for message in messages_of(evaluator, one, received_at)
        ]
        records |= evaluator.dirty_records()
        evaluator, begin = begun_again(records, WAITS, sites), max(begin, cut)

    assert found + messages_of(evaluator, LAST, LAST.time) == whole


@given(jumbled(), st.integers(1, 30))
def test_the_clock_may_go_on_between_any_two_readings(arrivals: Arrivals, every: int) -> None:
    evaluator, ticked = new_evaluator(WAITS, LIVE_SITES), new_evaluator(WAITS, LIVE_SITES)
    found, with_ticks = list[WarningMessage](), list[WarningMessage]()
    for number, (one, received_at) in enumerate(arrivals):
        found += messages_of(evaluator, one, received_at)
        with_ticks += messages_of(ticked, one, received_at)
        with_ticks += messages_at(ticked, received_at) if number % every == 0 else []

    assert with_ticks + messages_at(ticked, LAST.time) == found + messages_of(evaluator, LAST, LAST.time)
