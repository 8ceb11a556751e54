"""`write` and `copy_new` against a model: a dictionary of what is stored under each key."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select, text

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading
from rencheng.store.readings.copy_new import copy_new
from rencheng.store.readings.merge import ReceivedReading, RowResult, WriteStatus, write
from rencheng.store.readings.row_mapping import READING_TABLES
from tests.support.store import NOON, TABLES

devices = st.sampled_from(["A", "B", "Ä-ü 城"])
offsets = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
# few keys, so that they meet; two chunks, and the microseconds that floats would lose
times = st.builds(
    lambda day, micros, offset: (NOON + timedelta(days=day * 8, microseconds=micros)).astimezone(offset),
    st.integers(0, 1),
    st.sampled_from([0, 1, 999_999]),
    offsets,
)
values = st.sampled_from([None, 0.0, -0.0, 0.1, 1e9, -1e-300])
qualities = st.sampled_from([Quality.NOTHING_FOUND, Quality.MISSING, Quality.TILTED | Quality.GROSS_RANGE])

water = st.builds(
    WaterReading,
    devices,
    st.integers(0, 1),
    times,
    depth_mm=values,
    rain_mm=values,
    mode=st.sampled_from([None, "alarm"]),
    sequence=st.sampled_from([None, 2**63 - 1]),
    quality=qualities,
)
events = st.builds(SignalEvent, devices, times, st.integers(1, 2), st.sampled_from([1, 2**31 - 1]))
meters = st.builds(
    MeterValue,
    devices,
    st.just(1),
    st.sampled_from(["", "t'1\\\t"]),
    times,
    st.sampled_from([Measurand.POWER_KW, Measurand.STATUS]),
    value=values,
    status=st.sampled_from([None, "", "\\N"]),
)
batches = st.lists(water | events | meters, max_size=12)

Key = tuple[type, tuple[Any, ...]]


def key_of(reading: Reading) -> Key:
    return type(reading), READING_TABLES[type(reading)].key_of(reading)


def values_of(reading: Reading) -> list[Any]:
    """Return the values that make two readings of one key equal: all but the columns that ingest adds."""
    return [getattr(reading, field.name) for field in fields(reading) if field.name not in {"quality", "time"}]


class Model(RuleBasedStateMachine):
    database: Engine

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[Key, Reading] = {}
        with self.database.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"DELETE FROM {table}"))

    @rule(transaction=st.lists(batches, min_size=1, max_size=3))
    def commit(self, transaction: list[list[Reading]]) -> None:
        with self.database.begin() as connection:
            for batch in transaction:
                expected = [self.expect(reading) for reading in batch]
                results = write(connection, [ReceivedReading(reading, NOON) for reading in batch])

                assert [reason_of(result) for result in results] == expected

    @rule(batch=batches)
    def commit_by_the_fast_path(self, batch: list[Reading]) -> None:
        """Write as ingest tries first: all or, if one reading is known or repeated, nothing."""
        keys = {key_of(reading) for reading in batch}
        all_new = len(keys) == len(batch) and not keys & self.stored.keys()
        with self.database.connect() as connection:
            assert copy_new(connection, [((reading,), NOON) for reading in batch]) is all_new
            if all_new:
                connection.commit()
                self.stored.update((key_of(reading), reading) for reading in batch)

    @rule(batch=batches)
    def roll_back(self, batch: list[Reading]) -> None:
        with self.database.connect() as connection:
            write(connection, [ReceivedReading(reading, NOON) for reading in batch])
            connection.rollback()

    def expect(self, reading: Reading) -> object:
        known = self.stored.setdefault(key_of(reading), reading)
        if known is reading:
            return WriteStatus.STORED
        return WriteStatus.DUPLICATE if values_of(known) == values_of(reading) else RejectionReason.CONFLICT

    @invariant()
    def the_tables_hold_what_the_model_holds(self) -> None:
        with self.database.connect() as connection:
            for reading_type, shape in READING_TABLES.items():
                names = [field.name for field in fields(reading_type)]
                found = connection.execute(select(*(shape.table.c[name] for name in names))).mappings()
                held = {shape.key_of(r): r for kind, r in _of_model(self) if kind is reading_type}

                assert {_key(shape.table, row): dict(row) for row in found} == {
                    key: {name: getattr(reading, name) for name in names} for key, reading in held.items()
                }


def reason_of(result: RowResult) -> object:
    return result.reason if isinstance(result, Rejected) else result


def _of_model(model: Model) -> list[tuple[type, Reading]]:
    return [(kind, reading) for (kind, _), reading in model.stored.items()]


def _key(table: Any, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def test_results_and_tables_equal_those_of_a_dictionary(database: Engine) -> None:
    bound = type("Bound", (Model,), {"database": database})

    run_state_machine_as_test(bound, settings=settings(max_examples=40, stateful_step_count=6, deadline=None))


@pytest.mark.usefixtures("_empty")
def test_times_are_stored_to_the_microsecond_over_years(database: Engine) -> None:
    first = [datetime(1970, 1, 1, 0, 0, 0, 1, UTC), datetime(2262, 4, 11, 23, 47, 16, 854775, UTC)]
    with database.begin() as connection:
        results = write(connection, [ReceivedReading(WaterReading("A", 0, time, depth_mm=1.0), NOON) for time in first])
    with database.connect() as connection:
        found = connection.execute(text("SELECT time FROM waterlogging_readings ORDER BY time")).scalars().all()

    assert results == [WriteStatus.STORED] * 2
    assert found == first
