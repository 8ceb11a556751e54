"""The chain of a drill: percentiles of what is on record, and every lost step by name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.response.reports.chain import chain_times, lost_steps
from rencheng.response.reports.facts import EventFacts
from rencheng.response.reports.world_clock import in_time_of_world

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
SECONDS = {"warned": 0, "informed": 1, "accepted": 60, "on_site": 300, "closed": 400, "dry": 3000, "reopened": 4000}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(**seconds: int | None) -> dict[str, Any]:
    """Return a report in which every step is on record but for what is given as None."""
    known = SECONDS | {"received": None} | seconds
    moments = {name: None if value is None else {"at": at(value).isoformat()} for name, value in known.items()}
    task = {"task": "reopen", "state": "checked", "signatures_needed": 2}
    return {
        "peak_level": 4,
        "closing": {"level": "orange", "depth_mm": 200.0},
        "moments": moments,
        "calls": {"state": "ended", "answers": []},
        "tasks": [task],
        "commands": [{"verb": "barrier.close", "device_id": "b", "state": "confirmed"}],
        "informed": {"receivers": [{}]},
    }


def test_a_whole_chain_has_lost_nothing_and_a_blue_warning_calls_nobody() -> None:
    assert lost_steps(report()) == []
    assert lost_steps(report(accepted=None, on_site=None) | {"peak_level": 1}) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"informed": {"receivers": []}}, "no dispatch was made"),
        ({"calls": None}, "nobody was called"),
        ({"tasks": []}, "no task was generated"),
        ({"tasks": [{"task": "reopen", "state": "done", "signatures_needed": 2}]}, "the task reopen has no end: done"),
        ({"tasks": [{"task": "close", "state": "open", "signatures_needed": 0}]}, "the task close has no end: open"),
        (
            {"commands": [{"verb": "pump.start", "device_id": "p", "state": "sent"}]},
            "the command pump.start to p has no end: sent",
        ),
    ],
)
def test_a_lost_step_is_named(changed: dict[str, Any], named: str) -> None:
    assert lost_steps(report() | changed) == [named]


@pytest.mark.parametrize("name", ["informed", "closed", "dry", "reopened"])
def test_a_moment_that_is_not_on_record_is_a_lost_step(name: str) -> None:
    assert len(lost_steps(report(**{name: None}))) == 1


def test_a_call_without_any_answer_ended_in_nobody() -> None:
    assert "the call ended in nobody" in lost_steps(report(accepted=None, on_site=None))


@given(st.lists(st.none() | st.integers(0, 5000), min_size=1, max_size=30))
def test_every_warning_counts_once_as_known_or_missing_and_percentiles_are_measured_values(
    seconds: list[int | None],
) -> None:
    [informed, *_] = chain_times([report(informed=each) for each in seconds])
    known = sorted(each for each in seconds if each is not None)

    assert (informed.n, informed.missing) == (len(known), len(seconds) - len(known))
    if not known:
        assert informed.p50_s is None
        return
    assert informed.p50_s in known
    assert informed.p90_s in known
    assert sum(each <= informed.p50_s for each in known) * 2 >= len(known)


@given(st.floats(1, 500), st.integers(0, 3000))
def test_in_an_exercise_times_of_the_platform_become_times_of_the_storm(speed: float, seconds: int) -> None:
    facts = EventFacts(
        warning={"warning_id": "w", "world": "drill"},
        site={},
        thresholds={},
        closing=None,
        events=[
            {"recorded_at": at(each), "issued_at": NOON - timedelta(hours=9) + timedelta(seconds=each * speed)}
            for each in (0, 40, 1000)
        ],
        answers=[{"person_id": "ann", "at": at(seconds)}],
    )
    moved = in_time_of_world(facts)
    expected = NOON - timedelta(hours=9) + timedelta(seconds=seconds * speed)

    assert abs(moved.answers[0]["at"] - expected) < timedelta(seconds=1)
    actual = EventFacts(**{name: getattr(facts, name) for name in facts.__slots__} | {"warning": {"world": "actual"}})
    assert in_time_of_world(actual) == actual
