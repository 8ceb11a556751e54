"""The same readings give the same warnings, however they are cut into batches and wherever the engine starts again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import WarningMessage
from services.alerts.book import Book, Page
from tests.alerts.gauge_play import NOON, at, reading, site

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
            said = {"blip": depth_mm + 400, "absurd": 50_000.0}.get(odd, depth_mm)
            if odd == "unmeasured":
                found.append(reading(minute, None, gauge, quality=Quality.MISSING))
            elif odd != "lost":
                flags = Quality.GROSS_RANGE if odd == "absurd" else Quality.NOTHING_FOUND
                found.append(reading(minute, said, gauge, quality=flags))
    return found


@st.composite
def rain(draw: st.DrawFn) -> list[WaterReading]:
    steps = draw(st.lists(st.sampled_from([0.0, 0.0, 0.2, 2.0, 6.0, 12.0]), max_size=20))
    return [WaterReading("R", 0, at(5 * step), rain_mm=mm) for step, mm in enumerate(steps)]


@st.composite
def cities(draw: st.DrawFn) -> list[WaterReading]:
    """All gauges of the city, in order of sample time."""
    gauges = [draw(gauge_days(name)) for one in SITES.values() for name in one.device_ids]
    return sorted(
        [one for gauge in [*gauges, draw(rain())] for one in gauge], key=lambda one: (one.time, one.device_id)
    )


def judged(book: Book, readings: Iterable[WaterReading]) -> list[WarningMessage]:
    return [message for one in readings for message in book.take(one, NOON)]


def new_book() -> Book:
    book = Book()
    book.set_sites(SITES)
    return book


def begun_again(pages: dict[str, Page]) -> Book:
    """Another process, with what the database kept."""
    kept = json.loads(json.dumps({name: page.to_json() for name, page in pages.items()}))
    book = new_book()
    book.restore({name: Page.from_json(page) for name, page in kept.items()})
    return book


@given(cities(), st.lists(st.integers(0, 200), max_size=4))
def test_wherever_the_engine_starts_again_the_warnings_are_the_same(
    readings: Sequence[WaterReading], cuts: list[int]
) -> None:
    whole = judged(new_book(), readings)
    book, pages, said, begin = new_book(), dict[str, Page](), list[WarningMessage](), 0
    for cut in [*sorted(cuts), len(readings)]:
        said += judged(book, readings[begin:cut])
        pages |= book.changed_pages()
        book, begin = begun_again(pages), max(begin, cut)

    assert said == whole


@given(cities(), st.integers(1, 30))
def test_in_whatever_batches_readings_come_the_warnings_are_the_same(
    readings: Sequence[WaterReading], size: int
) -> None:
    book, said = new_book(), list[WarningMessage]()
    for begin in range(0, len(readings), size):
        said += judged(book, readings[begin : begin + size])
        book.changed_pages()  # as the outbox does after each batch

    assert said == judged(new_book(), readings)


@given(cities(), st.data())
def test_readings_that_come_again_after_a_restart_change_nothing(
    readings: Sequence[WaterReading], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(readings)))
    again = data.draw(st.integers(0, cut))
    first = new_book()
    said = judged(first, readings[:cut])
    said += judged(begun_again(first.changed_pages()), readings[again:])

    assert said == judged(new_book(), readings)
