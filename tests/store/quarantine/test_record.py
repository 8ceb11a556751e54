from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from rencheng.domain.errors import RejectionReason
from rencheng.store.accounting.counts import ReadingCounts, count, has_progressed, record_progress, totals
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from tests.support.store import NOON

pytestmark = pytest.mark.usefixtures("_empty")


def refuse(
    topic: str = "t", payload: bytes = b"p", position: int = -1, *, second: int = 0, detail: str = "d"
) -> QuarantineRecord:
    at = NOON + timedelta(seconds=second)
    return QuarantineRecord(topic, payload, position, RejectionReason.UNDECODABLE, detail, None, "actual", at)


def entries(database: Engine) -> list[Any]:
    with database.connect() as connection:
        return list(connection.execute(text("SELECT * FROM quarantine ORDER BY quarantine_id")))


def test_a_repetition_raises_the_count_within_a_batch_and_across_batches(database: Engine) -> None:
    for batch in ([refuse(), refuse(second=1)], [refuse(second=2)], []):
        with database.begin() as connection:
            add_to_quarantine(connection, batch)
    (entry,) = entries(database)

    assert entry.times == 3
    assert (entry.first_received_at, entry.last_received_at) == (NOON, NOON + timedelta(seconds=2))


def test_another_position_payload_or_topic_is_another_entry(database: Engine) -> None:
    batch = [refuse(), refuse(position=0), refuse(position=1), refuse(payload=b"q"), refuse(topic="u")]
    with database.begin() as connection:
        add_to_quarantine(connection, batch)

    assert [entry.times for entry in entries(database)] == [1] * 5


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec=None)) | st.just("\ud800\0"),
    st.binary(),
    st.text(st.characters(codec=None)),
)
def test_any_text_and_any_bytes_can_be_quarantined(database: Engine, topic: str, payload: bytes, detail: str) -> None:
    with database.connect() as connection:
        add_to_quarantine(connection, [refuse(topic, payload, detail=detail)])
        kept = connection.execute(text("SELECT payload FROM quarantine")).scalars().all()
        connection.rollback()

    assert [bytes(one) for one in kept] == [payload]


def test_a_long_detail_is_shortened_and_the_payload_is_not(database: Engine) -> None:
    with database.begin() as connection:
        add_to_quarantine(connection, [refuse(payload=b"x" * 900_000, detail="y" * 900_000)])
    (entry,) = entries(database)

    assert (len(entry.payload), len(entry.detail)) == (900_000, 1000)


tallies = st.dictionaries(
    st.tuples(st.sampled_from(["actual", "drill"]), st.sampled_from(["signal", "charging", "unknown"])),
    st.builds(ReadingCounts, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
)
days = st.builds(
    lambda hours, offset: datetime(2026, 7, 20, tzinfo=timezone(timedelta(hours=offset))) + timedelta(hours=hours),
    st.integers(0, 48),
    st.sampled_from([0, 8]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["writer-0", "writer-1"]), days, tallies), max_size=6))
def test_counts_add_up_over_writers_days_and_kinds(
    database: Engine, counted: list[tuple[str, datetime, dict[tuple[str, str], ReadingCounts]]]
) -> None:
    with database.connect() as connection:
        for writer, at, by_kind in counted:
            count(connection, writer, at, by_kind)
        found = {world: totals(connection, world) for world in ("actual", "drill")}
        connection.rollback()

    for world, total in found.items():
        counted_of_world = [counts for _, _, by_kind in counted for (w, _), counts in by_kind.items() if w == world]
        assert total == sum(counted_of_world, ReadingCounts())


def test_progress_is_known_by_writer_process_and_batch(database: Engine) -> None:
    mark = {"started_at": NOON, "committed_through": NOON + timedelta(microseconds=1)}
    with database.begin() as connection:
        record_progress(connection, "w", **mark, rows=True)
        known = [
            has_progressed(connection, "w", **mark),
            has_progressed(connection, "v", **mark),
            has_progressed(connection, "w", **mark | {"committed_through": NOON}),
            has_progressed(connection, "w", **mark | {"started_at": NOON.astimezone(UTC) - timedelta(days=1)}),
        ]

    assert known == [True, False, False, False]
