"""History from rollups equals history from readings, for any stale spans and any requested span."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from rencheng.store.history.from_rollups import history_of
from rencheng.store.history.from_rollups import rollup_coverage as stock_of
from rencheng.store.history.plan import NotKept, RollupCoverage, Segment, plan_segments, usable_granularities
from rencheng.store.history.raw import HISTORIES, Buckets, TimeRange
from rencheng.store.schema.granularity import Granularity
from tests.store.rollups.test_refresh import NOW, batches, forget, store
from tests.support.storage import settle

NAMES = ["A", "B", "C"]
ZONES = ["Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
MIDNIGHT = datetime(2026, 7, 19, 16, tzinfo=UTC)
"""Local time in Beijing on the twentieth."""
HOUR = timedelta(hours=1)
SUMMER = (MIDNIGHT, MIDNIGHT + 30 * 24 * HOUR)

ages = st.integers(-60, 26 * 86_400).map(lambda age_s: timedelta(seconds=age_s))
widths = st.sampled_from([10, 30, 60, 300, 1800, 3600, 6 * 3600, 86_400, 7 * 86_400]).map(
    lambda width_s: timedelta(seconds=width_s)
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[TimeRange, Buckets, list[str]]:
    first, second = sorted([draw(ages), draw(ages)])
    width = draw(widths)
    zone = draw(st.sampled_from(ZONES)) if width >= timedelta(days=1) else None
    span = TimeRange(NOW - second, NOW - first + timedelta(seconds=1))
    return span, Buckets(width, zone), draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))


@settings(max_examples=5)
@given(rolled_up=batches, owed=batches, asked=st.lists(questions(), min_size=8, max_size=8))
def test_history_from_rollups_equals_that_of_the_readings(
    database: Engine,
    rolled_up: list[list[Reading]],
    owed: list[list[Reading]],
    asked: list[tuple[TimeRange, Buckets, list[str]]],
) -> None:
    for batch in rolled_up:
        store(database, batch)
    settle(database)
    for batch in owed:
        store(database, batch)
    with database.connect() as connection:
        for span, buckets, names in asked:
            for kind in Kind:
                found = history_of(connection, kind, names, span=span, buckets=buckets, limit=9999)
                expected = HISTORIES[kind](connection, names, span=span, buckets=buckets, limit=9999)
                assert common_columns(found, expected) == [dict(row) for row in expected]
    forget(database)


def common_columns(found: Sequence[Any], expected: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the columns that the expected rows have."""
    names = expected[0].keys() if expected else ()
    return [{name: row[name] for name in names} for row in found]


def test_a_rollup_is_used_as_soon_as_it_is_not_stale(database: Engine) -> None:
    span = TimeRange(NOW - timedelta(days=1), NOW)
    with database.connect() as connection:
        assert stock_of(connection, Kind.SIGNAL, NAMES, span).stale == {level: [] for level in Granularity}


moments = st.integers(0, 60 * 24 * 30 * 60).map(lambda second: MIDNIGHT + timedelta(seconds=second))
spans = st.tuples(moments, moments).filter(lambda span: span[0] < span[1])
owing = st.dictionaries(st.sampled_from(Granularity), st.lists(spans, max_size=30))
some_levels = st.sampled_from(
    [
        [],
        [Granularity.MINUTE],
        [Granularity.HOUR, Granularity.MINUTE],
        [Granularity.DAY, Granularity.HOUR, Granularity.MINUTE],
    ]
)


@given(spans, some_levels, owing)
def test_the_segments_cover_the_span_in_whole_buckets_that_are_not_stale(
    span: tuple[datetime, datetime], levels: list[Granularity], owed: dict[Granularity, list[tuple[datetime, datetime]]]
) -> None:
    parts = plan_segments(span, levels, RollupCoverage(owed))

    assert [parts[0].begins, *(part.ends for part in parts)] == [*(part.begins for part in parts), parts[-1].ends]
    assert (parts[0].begins, parts[-1].ends) == span
    for part in parts:
        assert part.begins < part.ends
        if part.granularity is None:
            continue
        assert (part.granularity.floor(part.begins), part.granularity.floor(part.ends)) == (part.begins, part.ends)
        finer = list(Granularity)[: list(Granularity).index(part.granularity) + 1]
        debts = [debt for level in finer for debt in owed.get(level, ())]
        assert not any(begins < part.ends and part.begins < ends for begins, ends in debts)


def test_a_year_by_days_is_read_from_day_rollups_except_its_ends() -> None:
    span = (MIDNIGHT - timedelta(minutes=90, seconds=30), MIDNIGHT + timedelta(days=365))
    owed = {
        Granularity.MINUTE: [(span[1] - timedelta(minutes=2), span[1])],
        Granularity.HOUR: [(span[1] - HOUR, span[1])],
    }
    parts = plan_segments(span, usable_granularities(timedelta(days=1), "Asia/Shanghai", span), RollupCoverage(owed))

    assert [part.granularity for part in parts] == [
        None, Granularity.MINUTE, Granularity.HOUR, Granularity.DAY, Granularity.HOUR, Granularity.MINUTE, None,
    ]  # fmt: skip
    assert parts[3].ends - parts[3].begins == timedelta(days=364)


@pytest.mark.parametrize(
    ("width", "zone", "levels"),
    [
        (timedelta(seconds=30), None, []),
        (timedelta(minutes=5), None, [Granularity.MINUTE]),
        (timedelta(hours=6), None, [Granularity.HOUR, Granularity.MINUTE]),
        (timedelta(days=1), "Asia/Shanghai", [Granularity.DAY, Granularity.HOUR, Granularity.MINUTE]),
        (timedelta(days=7), "America/New_York", [Granularity.HOUR, Granularity.MINUTE]),
        (timedelta(days=1), "Asia/Kolkata", [Granularity.MINUTE]),  # midnight is at half past the hour
    ],
)
def test_a_rollup_is_usable_if_its_buckets_add_up_to_the_requested_ones(
    width: timedelta, zone: str | None, levels: list[Granularity]
) -> None:
    assert usable_granularities(width, zone, SUMMER) == levels


def test_dropped_data_is_replaced_by_whole_buckets_or_not_at_all() -> None:
    kept = RollupCoverage(kept_from={None: MIDNIGHT + 100 * HOUR, Granularity.MINUTE: MIDNIGHT + 10 * HOUR})
    late = (MIDNIGHT + timedelta(hours=20, seconds=30), MIDNIGHT + timedelta(hours=30, seconds=30))
    early = (MIDNIGHT + timedelta(minutes=5), MIDNIGHT + 2 * HOUR)

    assert plan_segments(late, [Granularity.MINUTE], kept) == [
        Segment(Granularity.MINUTE, MIDNIGHT + 20 * HOUR, MIDNIGHT + timedelta(hours=30, minutes=1))
    ]
    assert plan_segments(early, [Granularity.HOUR, Granularity.MINUTE], kept) == [
        Segment(Granularity.HOUR, MIDNIGHT, MIDNIGHT + 2 * HOUR)
    ]
    with pytest.raises(NotKept) as gone:
        plan_segments(early, [Granularity.MINUTE], kept)
    assert (gone.value.granularity, gone.value.until) == (Granularity.HOUR, MIDNIGHT + 10 * HOUR)
    with pytest.raises(NotKept) as gone:
        plan_segments(late, [], kept)
    assert (gone.value.granularity, gone.value.until) == (Granularity.MINUTE, MIDNIGHT + 100 * HOUR)


def test_a_bucket_without_its_source_stays_as_it_is() -> None:
    kept = RollupCoverage({Granularity.MINUTE: [(MIDNIGHT, MIDNIGHT + HOUR)]}, {None: MIDNIGHT + 100 * HOUR})
    span = (MIDNIGHT, MIDNIGHT + 24 * HOUR)

    assert plan_segments(span, [Granularity.DAY, Granularity.HOUR, Granularity.MINUTE], kept) == [
        Segment(Granularity.DAY, *span)
    ]
