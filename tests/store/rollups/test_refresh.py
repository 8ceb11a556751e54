"""Rollups equal a direct aggregation of the readings, for any order and delay of arrival."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, literal_column, select, text

from rencheng.domain.kind import Kind
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.quality import FROM_ONE_READING, UNUSABLE, Quality
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading
from rencheng.store.readings.copy_new import copy_new
from rencheng.store.readings.merge import ReceivedReading, write
from rencheng.store.rollups.refresh import mark_devices_stale, roll_up
from rencheng.store.schema.granularity import Granularity
from tests.support.storage import settle
from tests.support.store import TABLES

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
KEYS = {
    Kind.WATERLOGGING: ("waterlogging_readings", "device_id", "channel"),
    Kind.SIGNAL: ("signal_events", "device_id", "event_id"),
    Kind.CHARGING: ("meter_values", "device_id", "connector_id", "measurand"),
}

# live, a little late, late by hours and by weeks; a few moments, so that they meet in one bucket
ages_s = st.sampled_from([0, 1, 61, 300, 900, 3700, 4 * 3600, 15 * 3600, 86_400, 86_401, 9 * 86_400, 25 * 86_400])
times = ages_s.map(lambda age_s: NOW - timedelta(seconds=age_s))
names = st.sampled_from(["A", "B", "C"])
qualities = st.integers(0, int(FROM_ONE_READING)).map(Quality)
# sums of such numbers are exact, in any order
values = st.one_of(st.none(), st.integers(-2000, 8000).map(lambda quarter: quarter / 4))

water = st.builds(WaterReading, names, st.integers(0, 1), times, depth_mm=values, rain_mm=values, quality=qualities)
events = st.builds(SignalEvent, names, times, st.integers(1, 3), st.integers(0, 1), quality=qualities)
meters = st.builds(
    MeterValue,
    names,
    st.integers(1, 2),
    st.just("t"),
    times,
    st.sampled_from([Measurand.POWER_KW, Measurand.LEAKAGE_MA]),
    value=values,
    status=st.sampled_from([None, "Available", "Faulted"]),
    quality=qualities,
)
batches = st.lists(st.lists(water | events | meters, max_size=15), min_size=1, max_size=5)


def forget(database: Engine) -> None:
    """Delete everything, as the deletion of an exercise does."""
    with database.begin() as connection:
        mark_devices_stale(connection, select(literal_column("unnest(ARRAY['A', 'B', 'C'])")))
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    settle(database)
    assert_equal(database)


def store(database: Engine, batch: Sequence[Reading]) -> None:
    """Write as ingest does: by the fast path, and if that fails by the staging path."""
    with database.connect() as connection:
        if not copy_new(connection, [((reading,), NOW) for reading in batch]):
            connection.rollback()
            write(connection, [ReceivedReading(reading, NOW) for reading in batch])
        connection.commit()


def rolled_up(database: Engine, kind: Kind, level: Granularity) -> list[dict[str, Any]]:
    _, *key = KEYS[kind]
    order = ", ".join(["bucket", *key])
    with database.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {kind.value}_{level.value} ORDER BY {order}")).mappings()
        return [dict(row) for row in rows]


def aggregated(database: Engine, kind: Kind, level: Granularity) -> list[dict[str, Any]]:
    """Aggregate the readings in plain Python."""
    table, *key = KEYS[kind]
    groups: dict[tuple[Any, ...], list[Any]] = {}
    with database.connect() as connection:
        for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY time")).mappings():
            bucket = bucket_of(level, row["time"])
            groups.setdefault((bucket, *(row[name] for name in key)), []).append(row)
    return [
        {"bucket": bucket, **dict(zip(key, rest, strict=True)), **FIGURES[kind](groups[bucket, *rest])}
        for bucket, *rest in sorted(groups)
    ]


def bucket_of(level: Granularity, time: datetime) -> datetime:
    if level is Granularity.DAY:
        return datetime.combine(time.astimezone(CITY_ZONE), datetime.min.time(), CITY_ZONE).astimezone(UTC)
    return time.replace(minute=0 if level is Granularity.HOUR else time.minute, second=0, microsecond=0)


def water_figures(rows: list[Any]) -> dict[str, Any]:
    depths = [row["depth_mm"] for row in rows if good(row, "depth_mm")]
    usable = [row for row in rows if good(row, "depth_mm")]
    rain = [row["rain_mm"] for row in rows if row["rain_mm"] is not None]
    return {
        "count": len(rows),
        "usable": len(depths),
        "unusable": flagged(rows, UNUSABLE),
        "missing": flagged(rows, Quality.MISSING | Quality.NO_RETURN),
        "failed": flagged(rows, Quality.GROSS_RANGE | Quality.BLIND_ZONE),
        "suspect": flagged(rows, Quality.TILTED | Quality.CLOCK_AHEAD),
        "depth_mm_min": min(depths, default=None),
        "depth_mm_max": max(depths, default=None),
        "depth_mm_sum": sum(depths) if depths else None,
        "depth_mm_avg": sum(depths) / len(depths) if depths else None,
        "depth_mm_last": depths[-1] if depths else None,
        "depth_at": usable[-1]["time"] if usable else None,
        "rain_mm": sum(rain) if rain else None,
        "quality": all_flags(rows),
    }


def signal_figures(rows: list[Any]) -> dict[str, Any]:
    return {"count": len(rows), "quality": all_flags(rows)}


def charging_figures(rows: list[Any]) -> dict[str, Any]:
    usable = [row for row in rows if good(row, "value")]
    numbers = [row["value"] for row in usable]
    return {
        "count": len(rows),
        "usable": len(usable),
        "value_min": min(numbers, default=None),
        "value_max": max(numbers, default=None),
        "value_sum": sum(numbers) if numbers else None,
        "value_avg": sum(numbers) / len(numbers) if numbers else None,
        "value_first": numbers[0] if numbers else None,
        "first_at": usable[0]["time"] if usable else None,
        "value_last": numbers[-1] if numbers else None,
        "last_at": usable[-1]["time"] if usable else None,
        "status_last": rows[-1]["status"],
        "error_code_last": rows[-1]["error_code"],
        "newest_at": rows[-1]["time"],
        "quality": all_flags(rows),
    }


FIGURES = {Kind.WATERLOGGING: water_figures, Kind.SIGNAL: signal_figures, Kind.CHARGING: charging_figures}


def good(row: Any, value: str) -> bool:
    return row[value] is not None and not row["quality"] & UNUSABLE


def flagged(rows: list[Any], flags: Quality) -> int:
    return sum(bool(row["quality"] & flags) for row in rows)


def all_flags(rows: list[Any]) -> int:
    flags = 0
    for row in rows:
        flags |= row["quality"]
    return flags


def assert_equal(database: Engine) -> None:
    for kind in Kind:
        for level in Granularity:
            assert rolled_up(database, kind, level) == aggregated(database, kind, level), (kind, level)


@settings(max_examples=8)
@given(batches)
def test_rollups_equal_the_readings_in_any_order_of_arrival(database: Engine, batches: list[list[Reading]]) -> None:
    for batch in batches:
        store(database, batch)
        settle(database)
        assert_equal(database)
    forget(database)


def test_refreshes_beyond_the_time_budget_are_done_by_the_next_run(database: Engine) -> None:
    store(database, [SignalEvent("A", NOW - timedelta(hours=n), 1, 0) for n in range(40)])
    runs = 0
    while roll_up(database, budget_s=20, ahead=timedelta(days=2), monotonic_s=count().__next__)["stale"]:
        runs += 1  # each look at this clock takes a second
    assert runs > 1
    assert_equal(database)
    forget(database)


def test_a_hundred_late_devices_are_logged_together_and_one_by_name(database: Engine) -> None:
    now = datetime.now(UTC)
    late = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    many = [SignalEvent(f"many-{n}", late + timedelta(seconds=n), 1, 0) for n in range(101)]
    store(database, [*many, SignalEvent("A", late - timedelta(hours=1), 1, 0), SignalEvent("A", now, 1, 0)])
    with database.connect() as connection:
        entries = connection.execute(text("SELECT device_id, begins, ends FROM rollup_log ORDER BY begins")).all()

    hour, minute = timedelta(hours=1), now.replace(second=0, microsecond=0)
    assert entries == [
        ("A", late - hour, late - hour + MINUTE),
        (None, late, late + 2 * MINUTE),
        (None, minute, minute + MINUTE),
    ]
    settle(database)
    assert sum(row["count"] for row in rolled_up(database, Kind.SIGNAL, Granularity.DAY)) == 103
    with database.begin() as connection:
        mark_devices_stale(connection, select(literal_column("unnest(ARRAY['A'])")))
        connection.execute(text("DELETE FROM signal_events WHERE device_id = 'A'"))
    settle(database)
    assert sum(row["count"] for row in rolled_up(database, Kind.SIGNAL, Granularity.DAY)) == 101
