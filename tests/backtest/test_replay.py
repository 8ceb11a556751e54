"""Recorded readings through the live engine: what is said before a moment follows from what was measured until then."""

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sims.recordings import floods
from rencheng.backtest.input_rows import Row, read_readings
from rencheng.backtest.output import as_line
from rencheng.backtest.replay import NO_WAIT, as_rain, as_reading, judge, judge_and_notice, rain_first
from rencheng.backtest.sites import WORLD
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.engine.evaluator import Evaluator
from tests.support.evaluation import messages_of
from tests.support.gauge_play import NOON, site

SITES = {
    one.site_id: replace(one, sensors=(*one.sensors, BoundSensor("P", Role.RAIN)))
    for one in (site("S1", "A", "B", world=WORLD), site("S2", "C", world=WORLD))
}

_DEPTHS = st.sampled_from([None, -5000.0, -3.0, 0.0, 40.0, 60.0, 140.0, 155.0, 300.0, 450.0, 9999.0, 50_000.0])
_ROWS = st.builds(
    Row,
    st.integers(0, 90 * 600).map(lambda tenths: NOON + timedelta(milliseconds=100 * tenths)),
    st.sampled_from(["A", "B", "C", "unregistered"]),
    _DEPTHS,
)


_RAIN = st.builds(
    Row,
    st.integers(0, 90).map(lambda minute: NOON + timedelta(minutes=minute)),
    st.sampled_from(["P", "P", "P", "unregistered"]),
    st.sampled_from([None, 0.0, 0.2, 2.0, 5.0, 12.0]),
)


EVENING = NOON + timedelta(hours=6)

_WAITS = st.sampled_from([0.0, 0.0, 5.0, 120.0]).map(lambda wait_s: timedelta(seconds=wait_s))


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[:2])


def reported(
    rows: Iterable[Row], rain: Iterable[Row] = (), wait: timedelta = NO_WAIT, until: datetime | None = None
) -> list[dict[str, Any]]:
    found = judge_and_notice(SITES, in_order(rows), in_order(rain), wait=wait, until=until)
    return [json.loads(as_line(issued, SITES)) for issued in found]


def before(lines: Iterable[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    return [line for line in lines if datetime.fromisoformat(line["issued_at"]) < moment]


@settings(max_examples=300, deadline=None)
@given(st.lists(_ROWS, max_size=80), st.lists(_RAIN, max_size=40), st.integers(0, 90 * 600), st.booleans(), _WAITS)
def test_cutting_the_input_changes_no_earlier_message(
    rows: list[Row], rain: list[Row], tenths: int, with_the_cut: bool, wait: timedelta
) -> None:
    cut = NOON + timedelta(milliseconds=100 * tenths)
    kept, fallen = (
        [row for row in some if row.time < cut or (with_the_cut and row.time == cut)] for some in (rows, rain)
    )

    assert before(reported(kept, fallen, wait, until=cut), cut) == before(
        reported(rows, rain, wait, until=EVENING), cut
    )


@settings(deadline=None)
@given(st.lists(_ROWS, max_size=40), st.lists(_RAIN, max_size=40))
def test_readings_and_rain_are_taken_in_by_event_time_and_of_one_moment_the_rain_first(
    rows: list[Row], rain: list[Row]
) -> None:
    fallen = [as_rain(row) for row in in_order(rain)]
    drops = {id(drop) for drop in fallen}
    merged = list(rain_first([as_reading(row) for row in in_order(rows)], fallen))
    moments = [(one.time, id(one) not in drops) for one in merged]

    assert len(merged) == len(rows) + len(rain)
    assert moments == sorted(moments)


@settings(deadline=None)
@given(st.lists(_ROWS, max_size=60, unique_by=lambda row: row[:2]), st.randoms())
def test_the_order_of_the_file_decides_nothing(rows: list[Row], dice: random.Random) -> None:
    def text(some: list[Row]) -> list[str]:
        cells = (f"{row.source},{row.time.isoformat()},{'' if row.value is None else row.value}\n" for row in some)
        return ["device_id,time,depth_mm\n", *cells]

    shuffled = dice.sample(rows, len(rows))

    assert reported(read_readings(text(shuffled), "R")) == reported(read_readings(text(rows), "R")) == reported(rows)


@settings(deadline=None)
@given(st.lists(_ROWS, max_size=80), _WAITS)
def test_it_says_what_the_live_evaluator_says_in_an_exercise(rows: list[Row], wait: timedelta) -> None:
    evaluator = Evaluator(wait=wait)
    evaluator.set_sites(SITES)
    live = [message for row in in_order(rows) for message in messages_of(evaluator, as_reading(row), NOON)]

    assert [judged.message for judged in judge(SITES, in_order(rows), wait=wait)] == live


def test_with_a_wait_messages_are_issued_later_by_at_least_the_wait() -> None:
    rising = [row(minute, 20.0 * minute) for minute in range(20)]
    at_once, waited = reported(rising), reported(rising, wait=timedelta(seconds=90))
    later = [
        datetime.fromisoformat(b["issued_at"]) - datetime.fromisoformat(a["issued_at"])
        for a, b in zip(at_once, waited, strict=True)
    ]

    assert [line["reason"] for line in waited] == [line["reason"] for line in at_once]
    assert later == [timedelta(minutes=2)] * len(waited)


@settings(deadline=None)
@given(st.lists(_ROWS, max_size=80))
def test_lines_are_chains_of_alert_updates_and_cancel(rows: list[Row]) -> None:
    lines = [line for line in reported(rows) if line["message"] in {"alert", "update", "cancel"}]

    for site_id in SITES:
        standing = False
        for line in (line for line in lines if line["site_id"] == site_id):
            assert line["message"] in (("update", "cancel") if standing else ("alert",))
            assert line["level"] in {"blue", "yellow", "orange", "red"}
            standing = line["message"] != "cancel"
    assert [line["issued_at"] for line in lines] == sorted(line["issued_at"] for line in lines)


def test_time_passes_while_no_reading_arrives() -> None:
    dry = [row(minute, 0.0) for minute in range(10)]
    lost = [(line["message"], line["issued_at"]) for line in reported([*dry, row(120, 0.0)])]

    assert lost == [("monitoring_lost", (NOON + timedelta(minutes=40)).isoformat())]


def test_time_goes_on_after_the_last_reading_up_to_a_given_moment() -> None:
    dry = [row(minute, 0.0) for minute in range(10)]

    assert reported(dry) == []
    assert reported(dry, until=NOON + timedelta(minutes=39)) == []
    assert [line["message"] for line in reported(dry, until=NOON + timedelta(minutes=40))] == ["monitoring_lost"]


def test_rain_that_ended_ends_its_warning_though_no_gauge_reports() -> None:
    rain = [Row(NOON + timedelta(minutes=15 * step), "P", amount) for step, amount in enumerate((0.0, 15.0))]
    lines = reported([row(0, 0.0)], rain, until=NOON + timedelta(hours=12))
    warnings = [(line["site_id"], line["message"]) for line in lines if not line["message"].startswith("monitoring")]

    assert warnings == [("S1", "alert"), ("S2", "alert"), ("S1", "cancel"), ("S2", "cancel")]


def row(minute: float, depth_mm: float | None) -> Row:
    return Row(NOON + timedelta(minutes=minute), "A", depth_mm)


def test_a_line_has_the_contract_s_keys_and_grounds_in_words() -> None:
    line = reported([row(0, 0), row(1, 0), row(2, 60), row(3, 120)])[-1]

    assert list(line) == ["site_id", "message", "level", "certainty", "issued_at", "probability", "eta_s", "reason"]
    assert (line["message"], line["level"], line["certainty"]) == ("update", "red", "Likely")
    assert line["issued_at"] == "2026-07-20T12:03:00+00:00"
    assert 0 < line["probability"] < 1
    assert line["eta_s"] == line["reason"]["eta_s"] > 0
    assert line["reason"]["depth_mm"] == 120
    assert "预计" in line["reason"]["zh"]
    assert "is likely to reach" in line["reason"]["en"]


def test_the_moment_is_not_cut_to_the_second() -> None:
    assert reported([row(0.01, 160)])[0]["issued_at"] == "2026-07-20T12:00:00.600000+00:00"


def test_no_cancel_is_invented_at_the_end() -> None:
    lines = reported([row(0, 160), row(1, 160)])

    assert [line["message"] for line in lines] == ["alert", "update"]  # the second sample confirms the first


def test_a_cancel_names_the_level_that_ended() -> None:
    lines = reported([row(0, 160), *(row(minute, 0) for minute in range(1, 20))])

    assert [(line["message"], line["level"]) for line in lines] == [("alert", "yellow"), ("cancel", "yellow")]
    assert lines[-1]["certainty"] == "Observed"


@pytest.mark.parametrize("depth_mm", [None, -5000.0, 10_001.0, 1e300])
def test_what_cannot_be_measured_says_nothing(depth_mm: float | None) -> None:
    assert reported([row(0, depth_mm), row(1, depth_mm)]) == []


def test_a_recorded_flood_is_warned_of() -> None:
    flood = floods()[0]
    samples = zip(flood.offsets_s, flood.depths_mm, strict=True)
    lines = reported(Row(NOON + timedelta(seconds=at), "C", mm) for at, mm in samples)

    assert lines[0]["message"] == "alert"
    assert max(Level.parse(line["level"]) for line in lines) >= Level.YELLOW
