"""A replayed message takes the same way as any message and is counted once."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.replay.attempt import Fix, IntakeLimits
from rencheng.replay.ledger import ReplayOutcome
from rencheng.replay.run import portions, replay
from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from tests.support.clock import ManualClock
from tests.support.replay import (
    LIMITS,
    NOON,
    REGION,
    add_device,
    check_account,
    ingest,
    message,
    open_ids,
    rows,
    sample,
)


def again(
    database: Engine, *ids: int, fix: Fix | None = None, clock: ClockLimits = LIMITS, now: datetime = NOON
) -> list[ReplayOutcome]:
    return replay(
        database,
        ids or open_ids(database),
        limits=IntakeLimits(clock),
        actor="shell tester",
        fix=fix,
        clock=ManualClock(now),
    )


def array(*items: bytes) -> bytes:
    return b"[" + b", ".join(items) + b"]"


def test_messages_of_a_pending_device_are_stored_after_its_registration(database: Engine) -> None:
    received = ingest(database, message(array(sample(1), sample(2)), "G9"), message(sample(3), "G9"))
    assert check_account(database, received) == (0, 0, 2)  # an undecodable message counts one

    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    outcomes = again(database)

    assert sorted(outcome.counts.stored for outcome in outcomes) == [1, 2]
    assert check_account(database, received) == (3, 0, 0)
    assert rows(database, "SELECT DISTINCT received_at FROM waterlogging_readings") == [(NOON,)]
    assert rows(database, "SELECT DISTINCT replayed_by, replayed_at IS NULL FROM quarantine") == [
        ("shell tester", False)
    ]


def test_a_second_replay_changes_nothing(database: Engine) -> None:
    received = ingest(database, message(sample(), "G9"))
    entry = open_ids(database)
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    again(database, *entry)

    assert again(database, *entry) == []
    assert check_account(database, received) == (1, 0, 0)


def test_a_message_received_five_times_is_stored_once_with_four_duplicates(database: Engine) -> None:
    received = ingest(database, *[message(array(sample(1), sample(2)), "G9")] * 5)
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))

    assert [outcome.counts for outcome in again(database)] == [ReadingCounts(stored=2, duplicate=8)]
    assert check_account(database, received) == (2, 8, 0)


def test_a_reading_stored_meanwhile_is_a_duplicate(database: Engine) -> None:
    received = ingest(database, message(sample(), "G9"))
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    received += ingest(database, message(sample(), "G9"))

    assert [outcome.counts for outcome in again(database)] == [ReadingCounts(duplicate=1)]
    assert check_account(database, received) == (1, 1, 0)


def test_an_entry_rejected_for_the_same_reason_stays(database: Engine) -> None:
    received = ingest(database, message(b"broken"), message(sample(), "G9"))
    before = rows(database, "SELECT * FROM quarantine ORDER BY 1")
    outcomes = again(database)

    assert [(outcome.moved, outcome.rejections[0].reason) for outcome in outcomes] == [
        (False, RejectionReason.UNDECODABLE),
        (False, RejectionReason.UNKNOWN_DEVICE),
    ]
    assert rows(database, "SELECT * FROM quarantine ORDER BY 1") == before
    assert check_account(database, received) == (0, 0, 2)


def test_a_reading_rejected_for_another_reason_becomes_a_new_entry(database: Engine) -> None:
    payload = array(sample(1), b'{"time": "soon"}', sample(2))
    received = ingest(database, message(payload, "G9"), message(payload, "G9"))
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    [outcome] = again(database)

    assert outcome.counts == ReadingCounts(stored=2, duplicate=2, quarantined=2)
    assert rows(database, "SELECT reason, position, times FROM quarantine WHERE replayed_at IS NULL") == [
        ("invalid", 1, 2)
    ]
    assert check_account(database, received) == (2, 2, 2)


def test_an_entry_of_one_reading_replays_that_reading_only(database: Engine) -> None:
    received = ingest(database, message(array(sample(1), sample(86_400 * 40), sample(2))))
    assert check_account(database, received) == (2, 0, 1)
    wider = replace(LIMITS, past=2 * LIMITS.past)

    assert [outcome.counts for outcome in again(database, clock=wider)] == [ReadingCounts(stored=1)]
    assert check_account(database, received) == (3, 0, 0)


def test_an_entry_of_a_retired_device_stays_one_reading(database: Engine) -> None:
    received = ingest(database, message(array(sample(1), sample(86_400 * 40), sample(2))))
    add_device(database, Device("G1", Kind.WATERLOGGING, REGION, retired_at=NOON))
    again(database)
    add_device(database, Device("G1", Kind.WATERLOGGING, REGION))
    again(database, clock=replace(LIMITS, past=2 * LIMITS.past))

    assert check_account(database, received) == (3, 0, 0)


def test_a_reading_that_is_too_old_by_now_is_rejected(database: Engine) -> None:
    received = ingest(database, message(array(sample(86_400 * 20), sample(86_400)), "G9"))
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    [outcome] = again(database, now=NOON + timedelta(days=15))

    assert (outcome.counts, outcome.rejections[0].reason) == (
        ReadingCounts(stored=1, quarantined=1),
        RejectionReason.CLOCK_PAST,
    )
    assert check_account(database, received) == (1, 0, 1)


def test_a_corrected_payload_replaces_the_broken_one(database: Engine) -> None:
    received = ingest(database, *[message(b'{"time": "2026-07-20T12:00:00Z", "depth_cm": 4}')] * 2)
    [outcome] = again(database, fix=Fix(payload=sample(0, 40.0)))

    assert outcome.counts == ReadingCounts(stored=1, duplicate=1)
    assert rows(database, "SELECT depth_mm FROM waterlogging_readings") == [(40.0,)]
    [(payload, fixed)] = rows(database, "SELECT payload, fixed_payload FROM quarantine")
    assert (b"depth_cm" in payload, bytes(fixed)) == (True, sample(0, 40.0))
    assert check_account(database, received) == (1, 1, 0)


def test_a_corrected_reading_of_an_array_is_a_message_of_its_own(database: Engine) -> None:
    received = ingest(database, message(array(sample(1), b'{"time": "soon"}')))
    again(database, fix=Fix(payload=sample(2)))

    assert check_account(database, received) == (2, 0, 0)


def test_an_invalid_correction_changes_nothing(database: Engine) -> None:
    received = ingest(database, message(b"broken"))
    [outcome] = again(database, fix=Fix(payload=b'{"time": "soon"}'))

    assert (outcome.moved, outcome.rejections[0].reason) == (False, RejectionReason.INVALID)
    assert rows(database, "SELECT payload, replayed_at, fixed_payload FROM quarantine") == [(b"broken", None, None)]
    assert check_account(database, received) == (0, 0, 1)


def test_a_wrong_address_is_corrected_by_the_topic_or_by_the_registry(database: Engine) -> None:
    received = ingest(database, message(sample(1), region="370104"), message(sample(2), region="370104"))
    first, second = open_ids(database)
    again(database, first, fix=Fix(topic=message(b"").topic))
    with database.begin() as connection:
        connection.execute(text("INSERT INTO regions VALUES ('370104', '槐荫区', 'Huaiyin') ON CONFLICT DO NOTHING"))
    add_device(database, Device("G1", Kind.WATERLOGGING, "370104"))
    again(database, second)

    assert check_account(database, received) == (2, 0, 0)


def test_a_conflict_stays_and_the_stored_reading_is_unchanged(database: Engine) -> None:
    received = ingest(database, message(sample(0, 10)), message(array(sample(1), sample(0, 11))))
    [outcome] = again(database)

    assert (outcome.moved, outcome.rejections[0].reason) == (False, RejectionReason.CONFLICT)
    assert rows(database, "SELECT depth_mm FROM waterlogging_readings ORDER BY 1") == [(5.0,), (10.0,)]
    assert check_account(database, received) == (2, 0, 1)


def test_a_message_rejected_again_after_its_replay_is_a_new_entry(database: Engine) -> None:
    received = ingest(database, message(b"broken"))
    again(database, fix=Fix(payload=sample()))
    received += ingest(database, message(b"broken"))

    assert rows(database, "SELECT times, replayed_at IS NULL FROM quarantine ORDER BY quarantine_id") == [
        (1, False),
        (1, True),
    ]
    assert check_account(database, received) == (1, 0, 1)


def test_a_replay_is_counted_in_the_world_of_the_device(database: Engine) -> None:
    ingest(database, message(array(sample(1), sample(2)), "G9"))
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION, world="drill"))
    again(database)

    sums = "sum(stored)::int, sum(quarantined)::int, sum(unpacked)::int"
    assert rows(database, f"SELECT world, {sums} FROM ingest_counts GROUP BY 1 ORDER BY 1") == [
        ("actual", 0, 0, -1),
        ("drill", 2, 0, 2),
    ]


def test_the_online_state_of_a_pending_device_is_saved_by_its_replay(database: Engine) -> None:
    state = replace(message(b'{"status": "online"}', "G9"), topic=f"rencheng/v1/{REGION}/waterlogging/G9/state")
    received = ingest(database, state)
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    again(database)

    assert rows(database, "SELECT online FROM device_states WHERE device_id = 'G9'") == [(True,)]
    assert check_account(database, received) == (0, 0, 0)


def test_over_quota_the_stored_message_is_replayed_and_the_others_stay_counted(database: Engine) -> None:
    flood = message(array(sample(1), sample(2)))
    shed = QuarantineRecord(
        flood.topic, flood.payload, -1, RejectionReason.QUOTA, "too many", "G1", "actual", NOON, times=50
    )
    with database.begin() as connection:
        add_to_quarantine(connection, [shed])
        connection.execute(
            text("INSERT INTO ingest_counts VALUES ('2026-07-20', 'w', 'actual', 'waterlogging', 0, 0, 50)")
        )
    again(database)

    assert check_account(database, 50) == (2, 0, 48)


def test_two_concurrent_replays_count_once(database: Engine) -> None:
    received = ingest(database, *[message(sample(second), "G9") for second in range(40)])
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    ids = open_ids(database)
    threads = [threading.Thread(target=again, args=(database, *ids)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert check_account(database, received) == (40, 0, 0)


def test_ingest_may_reject_a_message_during_its_replay(database: Engine) -> None:
    messages = [message(sample(second), "G9") for second in range(60)]
    received = ingest(database, *messages)
    stop = threading.Event()
    counted: list[int] = []

    def go_on() -> None:
        while not stop.is_set():
            counted.append(ingest(database, *messages))

    thread = threading.Thread(target=go_on)
    thread.start()
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    for _ in range(6):
        again(database)
    stop.set()
    thread.join()
    again(database)

    stored, duplicate, quarantined = check_account(database, received + sum(counted))
    assert (stored, quarantined) == (60, 0)
    assert duplicate == received + sum(counted) - 60


@pytest.mark.parametrize(("sizes", "expected"), [([], []), ([1, 1], [[1, 2]]), ([3 * 2**20] * 3, [[1], [2], [3]])])
def test_portions_are_bounded(sizes: list[int], expected: list[list[int]]) -> None:
    assert list(portions(list(enumerate(sizes, 1)))) == expected
