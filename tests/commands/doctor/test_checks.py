"""What the doctor says of what was measured: danger where readings can be lost, advice where speed is."""

from dataclasses import replace

import pytest

from commands.doctor.checks import (
    CheckResult,
    check_broker,
    check_database,
    check_late_gauges,
    check_parts,
    explain_no_reply,
)
from rencheng.domain.heartbeat import Part, PartCondition, PartReason, PartState
from rencheng.domain.part_rules import not_started
from rencheng.messaging.mqtt.probe import NoReply, ProbeResult
from rencheng.store.core.database import open_database
from rencheng.store.core.diagnosis import DatabaseCondition, diagnose

GOOD = ProbeResult(sent=12_000, in_flight=10_000, delivered=12_000, trip_ms=0.4)
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_wal_size": "2048",
    "shared_buffers": "128",
    "max_connections": "100",
    "timescaledb.license": "apache",
}
HEALTHY = DatabaseCondition("17.6", SETTINGS, connections=12, commit_ms=0.8)


def worst(results: list[CheckResult]) -> dict[str, str]:
    """What is not good, and its advice."""
    assert all(bool(result.advice) is (result.severity != "good") for result in results)
    return {f"{result.severity} {result.about}": result.advice for result in results if result.advice}


def test_a_part_that_is_down_is_a_danger_and_one_that_never_started_is_not() -> None:
    dead = PartCondition(Part.ALERTS, PartState.DOWN, PartReason.SILENT, 30.0)
    assert list(worst(check_parts([PartCondition(Part.INGEST), dead]))) == ["danger platform: alerts"]
    assert list(worst(check_parts([not_started(Part.INGEST)]))) == ["change platform: ingest"]


def test_late_gauges_are_named_with_their_lag() -> None:
    assert worst([check_late_gauges({})]) == {}
    ((_, advice),) = worst([check_late_gauges({"G1": 150.4})]).items()
    assert "G1 by 150 s" in advice


def test_nothing_is_issued_against_what_is_well_set() -> None:
    assert worst([*check_broker(GOOD, commit_ms=1.0), *check_database(HEALTHY)]) == {}


def test_a_narrow_window_is_named_with_what_it_lets_through_and_the_setting() -> None:
    ((about, advice),) = worst(check_broker(replace(GOOD, in_flight=20), commit_ms=1.6)).items()

    assert about == "change broker: in-flight window"
    assert "5,000 messages/s" in advice
    assert "max_inflight_messages 10000" in advice


def test_a_queue_that_drops_is_a_danger() -> None:
    ((about, advice),) = worst(check_broker(replace(GOOD, delivered=11_000), commit_ms=1.0)).items()

    assert about.startswith("danger broker: queue")
    assert "dropped 1,000" in advice
    assert "max_queued_messages 0" in advice


def test_a_broker_that_lets_no_answer_through_is_a_danger() -> None:
    for cut_off in (False, True):
        ((about, advice),) = worst(explain_no_reply(NoReply(disconnected=cut_off))).items()

        assert about.startswith("danger broker: replies")
        assert "rencheng/v1/+/+/+/reply" in advice
        assert ("disconnects ingest" in advice) is cut_off


@pytest.mark.parametrize(
    ("setting", "value", "severity"),
    [
        ("fsync", "off", "danger"),
        ("full_page_writes", "off", "danger"),
        ("synchronous_commit", "off", "danger"),
        ("max_wal_size", "512", "change"),
        ("max_connections", "14", "change"),
    ],
)
def test_a_setting_that_loses_readings_or_time_is_named(setting: str, value: str, severity: str) -> None:
    ((about, _),) = worst(check_database(replace(HEALTHY, settings=SETTINGS | {setting: value}))).items()

    assert about.startswith(severity)


def test_slow_commits_and_a_slow_broker_are_named() -> None:
    slow = worst(
        [*check_broker(replace(GOOD, trip_ms=41), commit_ms=1), *check_database(replace(HEALTHY, commit_ms=30))]
    )

    assert list(slow) == ["change broker: round trip of one message", "change database: a small commit"]


def test_the_database_is_examined_as_it_is(database_url: str) -> None:
    database = open_database(database_url, name="doctor tests")
    with database.connect() as connection:
        found = diagnose(connection)

    assert set(found.settings) == set(SETTINGS)
    assert found.settings["max_wal_size"] == "2048"
    assert found.commit_ms > 0
    assert worst(check_database(replace(found, commit_ms=1))) == {}
    database.dispose()
