"""Retention drops the oldest entries by age or size and keeps them in the account."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.replay.attempt import IntakeLimits
from rencheng.replay.run import replay
from rencheng.store.retention.quarantine import ENTRY_BYTES, DroppedEntries, drop_old_entries, fair_share
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

DAY = 86_400


def test_old_entries_are_dropped_and_stay_counted(database: Engine) -> None:
    received = ingest(database, *[message(b"old", second=-3 * DAY)] * 4, message(b"new"))
    with database.begin() as connection:
        dropped = drop_old_entries(connection, NOON, keep_days=2)

    assert dropped == DroppedEntries(entries=1, readings=4, payload_bytes=3, more=False)
    assert rows(database, "SELECT payload FROM quarantine") == [(b"new",)]
    assert rows(database, "SELECT world, kind, reason, entries, readings, payload_bytes FROM quarantine_drops") == [
        ("actual", "waterlogging", "undecodable", 1, 4, 3)
    ]
    assert check_account(database, received) == (0, 0, 5)


def test_beyond_the_size_limit_the_oldest_entries_are_dropped_first(database: Engine) -> None:
    received = ingest(database, *[message(b"%03d" % second + b"x" * 997, second=second) for second in range(10)])
    with database.begin() as connection:
        dropped = drop_old_entries(connection, NOON, keep_bytes=4 * (1000 + ENTRY_BYTES))

    assert dropped.entries == 6
    assert rows(database, "SELECT min(left(encode(payload, 'escape'), 3)) FROM quarantine") == [("006",)]
    assert check_account(database, received) == (0, 0, 10)


def test_a_sender_that_fills_quarantine_pushes_out_nobody_else(database: Engine) -> None:
    few = [message(b"few %d" % n, "honest", second=n) for n in range(3)]
    many = [message(b"many %02d" % n + b"x" * 990, "flooding", second=10 + n) for n in range(20)]
    forged = [message(b"forged %02d" % n + b"x" * 990, "flooding", region=f"x{n}", second=40 + n) for n in range(5)]
    received = ingest(database, *few, *many, *forged)
    with database.begin() as connection:
        drop_old_entries(connection, NOON, keep_bytes=10 * (1000 + ENTRY_BYTES))
    left = rows(database, "SELECT count(*) FILTER (WHERE topic LIKE '%honest%'), count(*) FROM quarantine")

    assert left == [(3, 11)]
    assert check_account(database, received) == (0, 0, 28)


@given(st.lists(st.integers(0, 1000), max_size=8), st.integers(0, 3000))
def test_a_fair_share_uses_the_total_and_takes_from_the_largest_alone(sizes: list[int], total: int) -> None:
    share = fair_share(sizes, total)
    kept = [min(size, share) if share is not None else size for size in sizes]

    assert sum(kept) <= total or share is None
    assert (share is None) == (sum(sizes) <= total)
    assert share is None or sum(kept) > total - len(sizes)


def test_a_repetition_renews_the_age_of_an_entry(database: Engine) -> None:
    ingest(database, message(b"again and again", second=-3 * DAY), message(b"again and again"))
    with database.begin() as connection:
        dropped = drop_old_entries(connection, NOON, keep_days=2)

    assert dropped.entries == 0


def test_each_call_drops_a_limited_number_of_entries(database: Engine) -> None:
    received = ingest(database, *[message(b"%d" % number, second=-3 * DAY) for number in range(25)])
    steps = []
    more = True
    while more:
        with database.begin() as connection:
            dropped = drop_old_entries(connection, NOON + timedelta(days=1), keep_days=2, step=10)
        steps.append(dropped.entries)
        more = dropped.more

    assert steps == [10, 10, 5]
    assert check_account(database, received) == (0, 0, 25)


def test_a_replayed_entry_is_dropped_without_being_counted(database: Engine) -> None:
    received = ingest(database, message(sample(), "G9", second=0))
    add_device(database, Device("G9", Kind.WATERLOGGING, REGION))
    replay(database, open_ids(database), limits=IntakeLimits(LIMITS), actor="shell tester", clock=ManualClock(NOON))
    with database.begin() as connection:
        dropped = drop_old_entries(connection, NOON + timedelta(days=100))

    assert (dropped.entries, dropped.readings) == (1, 0)
    assert check_account(database, received) == (1, 0, 0)
