"""What is left out for speed changes nothing: the sample of a dry street, and the rain that sites share."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.engine.evaluate import still_dry
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.shared import KEPT, Shared
from rencheng.engine.traits import PLAIN, GaugeTraits
from tests.engine.test_evaluator_properties import SITES, cities, judged, new_evaluator
from tests.support.gauge_play import at, reading

_DRY_MM = st.sampled_from([0.0, 0.0, 0.4, 3.0, -3.0, 9.9, -9.9, -40.0, 10.0, 14.0, 60.0])
_FLAGS = st.sampled_from([*[Quality.NOTHING_FOUND] * 8, Quality.MISSING, Quality.GROSS_RANGE])
_TRAITS = st.sampled_from([PLAIN, PLAIN, replace(PLAIN, resolution_mm=10.0), replace(PLAIN, steps_mm=(50.0, 150.0))])


@st.composite
def dry_days(draw: st.DrawFn) -> list[WaterReading]:
    """Mostly dry streets, reported at odd steps, with temperature and rain at times."""
    found, minute = list[WaterReading](), 0.0
    for _ in range(draw(st.integers(1, 40))):
        minute += draw(st.sampled_from([0.0, 1.0, 1.0, 1.0, 5.0, 40.0, 200.0]))
        gauge = draw(st.sampled_from(["T1", "T2", "A", "A", "A", "C"]))
        one = reading(minute, draw(_DRY_MM), gauge, quality=draw(_FLAGS))
        found.append(replace(one, temperature_c=draw(st.sampled_from([None, None, None, -2.0, 20.0]))))
        if draw(st.integers(0, 5)) == 0:
            found.append(WaterReading("R", 0, at(minute), rain_mm=draw(st.sampled_from([0.0, 0.2, 9.0, 25.0]))))
    return found


def played(
    readings: Sequence[WaterReading], lags_s: Sequence[float], traits: GaugeTraits, *, is_quick: bool
) -> tuple[list[object], object]:
    """The messages, and all records at the end; without the quick ways if `is_quick` is false."""
    evaluator = Evaluator()
    evaluator.set_sites(SITES, {"A": traits})
    with patch("rencheng.engine.evaluator.still_dry", still_dry if is_quick else lambda *_: None):
        found: list[object] = []
        for number, one in enumerate(readings):
            received = one.time + timedelta(seconds=lags_s[number % len(lags_s)])
            found += [each[2:4] for each in evaluator.process_and_commit(one, received)]
    return found, evaluator.dirty_records()


@given(dry_days() | cities(), st.lists(st.sampled_from([0.0, 0.0, 1.0, 400.0]), min_size=1, max_size=9), _TRAITS)
def test_a_sample_of_a_dry_street_leads_to_the_same_record_either_way(
    readings: list[WaterReading], lags_s: list[float], traits: GaugeTraits
) -> None:
    quick = played(readings, lags_s, traits, is_quick=True)

    assert quick == played(readings, lags_s, traits, is_quick=False)


@given(cities())
def test_rain_that_sites_share_is_as_each_would_compute_it(readings: list[WaterReading]) -> None:
    shared, alone = new_evaluator(), new_evaluator()
    found = judged(shared, readings)
    with (
        patch.object(rainfall, "add_report", rainfall.add_report.alone),
        patch.object(rainfall, "weigh", rainfall.weigh.alone),
    ):
        assert judged(alone, readings) == found

    assert shared.dirty_records() == alone.dirty_records()


def test_an_equal_state_gives_the_same_object_until_it_is_forgotten() -> None:
    calls: list[int] = []

    def longer(text: tuple[int, ...], by: int, *, times: int = 1) -> tuple[int, ...]:
        calls.append(by)
        return (*text, *[by] * times)

    function = Shared(longer)
    first = function((1,), 2, times=2)

    assert first == (1, 2, 2)
    assert function((1,), 2, times=2) is first
    assert function((1,), 3, times=2) == (1, 3, 3)
    assert function((1,), 2) == (1, 2)
    assert function((2,), 2) == (2, 2)
    for by in range(10, 10 + KEPT):
        function((1,), by)
    before = len(calls)
    assert function((1,), 2, times=2) == first
    assert len(calls) == before + 1
