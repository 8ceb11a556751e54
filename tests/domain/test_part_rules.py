"""The state of each part follows from heartbeats, progress and deliveries."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.heartbeat import Heartbeat, Part, PartReason, PartState
from rencheng.domain.part_rules import (
    DOWN_AFTER_S,
    JOBS_START_WITHIN_S,
    SILENT_AFTER_S,
    START_WITHIN_S,
    JobLateness,
    PlatformRecord,
    judge,
)
from rencheng.text.parts import part_text

AT = datetime(2026, 7, 20, tzinfo=UTC)
FIGURES = ("turn_age_s", "lag_s", "disconnected_s", "unloaded_s", "undelivered_s")


def beat(
    part: Part,
    age_s: float = 1.0,
    *,
    instance: str = "0",
    has_stopped: bool = False,
    figures: Mapping[str, float] | None = None,
    lasts_s: float = 0.0,
) -> Heartbeat:
    started_at = AT - timedelta(seconds=lasts_s)
    return Heartbeat(part, instance, started_at, AT, age_s, has_stopped, "0.1.0", dict(figures or {}))


def record(*beats: Heartbeat, **more: object) -> PlatformRecord:
    known = {
        "writers_seen_s": 0.5,
        "undelivered": 0,
        "undelivered_s": 0.0,
        "overdue_jobs": (),
    }
    return PlatformRecord(heartbeats=beats, **(known | more))  # type: ignore[arg-type]


WELL = tuple(
    beat(part) for part in (Part.INGEST, Part.ALERTS, Part.RESPONSE, Part.API, Part.JOBS, Part.WATCH, Part.ACCOUNTS)
)


def bad(found: PlatformRecord) -> dict[Part, tuple[PartState, PartReason | None]]:
    return {one.part: (one.state, one.reason) for one in judge(found) if one.state is not PartState.OK}


def test_a_platform_whose_parts_all_report_is_well() -> None:
    assert bad(record(*WELL)) == {}
    assert [one.part for one in judge(record(*WELL))] == list(Part)


def test_an_alert_service_that_never_started_is_down_once_the_platform_has_started() -> None:
    assert bad(record(beat(Part.INGEST, lasts_s=START_WITHIN_S - 2))) == {}
    found = bad(record(beat(Part.INGEST, lasts_s=START_WITHIN_S)))
    assert found == {Part.ALERTS: (PartState.DOWN, PartReason.NOT_STARTED)}


def test_a_job_runner_that_never_started_leaves_the_warnings_as_they_are() -> None:
    beats = (beat(Part.INGEST, lasts_s=JOBS_START_WITHIN_S), beat(Part.ALERTS))
    assert bad(record(*beats)) == {Part.JOBS: (PartState.BEHIND, PartReason.NOT_STARTED)}


def test_ingest_needs_a_receiver_and_a_writer() -> None:
    assert bad(record(*WELL, writers_seen_s=None))[Part.INGEST] == (PartState.DOWN, PartReason.NOT_STARTED)
    assert bad(record(*WELL, writers_seen_s=SILENT_AFTER_S + 1))[Part.INGEST] == (PartState.DOWN, PartReason.SILENT)
    dead = (beat(Part.INGEST, SILENT_AFTER_S + 1), *WELL[1:])
    assert bad(record(*dead))[Part.INGEST] == (PartState.DOWN, PartReason.SILENT)


def test_one_dead_receiver_of_two_is_named_until_it_was_stopped_in_order() -> None:
    second = beat(Part.INGEST, SILENT_AFTER_S + 1, instance="1")
    assert bad(record(*WELL, second))[Part.INGEST] == (PartState.DOWN, PartReason.SILENT)
    stopped = beat(Part.INGEST, 1000, instance="1", has_stopped=True)
    assert bad(record(*WELL, stopped)) == {}


def test_one_living_api_of_several_is_enough() -> None:
    assert bad(record(*WELL, beat(Part.API, 10_000, instance="8011"))) == {}


def test_an_overdue_job_and_an_undelivered_warning_are_named() -> None:
    found = record(*WELL, overdue_jobs=[JobLateness("storage.rollups", 600)], undelivered=1, undelivered_s=20.0)
    assert bad(found) == {
        Part.ALERTS: (PartState.BEHIND, PartReason.UNDELIVERED),
        Part.JOBS: (PartState.BEHIND, PartReason.OVERDUE),
    }
    [job] = [one for one in judge(found) if one.part is Part.JOBS]
    assert part_text(job) == (
        "定时任务滞后：storage.rollups 已10分钟未成功，请运行 jobs list",
        "periodic jobs behind: storage.rollups has not succeeded for 10 min; see `jobs list`",
    )


@given(st.sampled_from(FIGURES), st.floats(1, 1e6), st.floats(0, SILENT_AFTER_S))
def test_the_longer_something_waits_the_graver_and_after_a_minute_it_is_down(
    figure: str, seconds: float, age_s: float
) -> None:
    order = list(PartState)
    waits_s = (0.0, seconds, 2 * seconds, seconds + DOWN_AFTER_S)
    records = [record(*WELL[:1], beat(Part.ALERTS, age_s, figures={figure: each}), *WELL[2:]) for each in waits_s]
    states = [next(one for one in judge(each) if one.part is Part.ALERTS) for each in records]
    ranks = [order.index(one.state) for one in states]
    assert ranks == sorted(ranks)
    assert states[0].state is PartState.OK
    assert states[-1].state is PartState.DOWN
    assert all(part_text(one) for one in states)


def test_a_watch_that_finds_faults_or_reaches_no_outside_alarm_is_behind() -> None:
    found = judge(record(beat(Part.WATCH, figures={"fault_unreached": 2, "fault_call_late": 0})))
    [watch] = [one for one in found if one.part is Part.WATCH]
    assert (watch.reason, watch.subject) == (PartReason.FAULTS, "unreached 2")
    assert bad(record(beat(Part.WATCH, figures={"no_alarm_s": 70.0}))) == {
        Part.WATCH: (PartState.BEHIND, PartReason.NO_ALARM)
    }
    assert bad(record(beat(Part.WATCH, age_s=60.0, figures={"fault_gap": 1.0}))) == {
        Part.WATCH: (PartState.DOWN, PartReason.SILENT)
    }
