"""Compressed chunks accept writes like others. On the Apache edition everything else is the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import Engine, text

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent, WaterReading
from rencheng.store.hypertables.columnstore import set_columnstore_policies
from rencheng.store.hypertables.edition import edition
from rencheng.store.readings.copy_new import copy_new
from rencheng.store.readings.merge import ReceivedReading, WriteStatus, write
from rencheng.store.schema.granularity import Granularity
from tests.store.readings.test_readings_model import Model
from tests.store.rollups.test_refresh import assert_equal, rolled_up
from tests.support.storage import compress_chunks, settle
from tests.support.store import NOON, rows

LONG_AGO = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
MINUTE = timedelta(minutes=1)


def say(database: Engine, *readings: WaterReading | SignalEvent | MeterValue) -> list[object]:
    with database.begin() as connection:
        fates = write(connection, [ReceivedReading(reading, datetime.now(UTC)) for reading in readings])
    return [fate.reason if isinstance(fate, Rejected) else fate for fate in fates]


def depth(n: int, depth_mm: float, *, seconds: int = 0) -> WaterReading:
    return WaterReading(f"G{n % 3}", 0, LONG_AGO + n * MINUTE + timedelta(seconds=seconds), depth_mm=depth_mm)


@pytest.mark.usefixtures("_empty")
def test_late_and_repeated_readings_are_distinguished_in_the_columnstore(database: Engine) -> None:
    events = [SignalEvent("S", LONG_AGO + n * MINUTE, 1, n) for n in range(50)]
    values = [MeterValue("P", 1, "t", LONG_AGO + n * MINUTE, Measurand.POWER_KW, float(n)) for n in range(50)]
    say(database, *(depth(n, n) for n in range(300)), *events, *values)
    settle(database)
    with database.connect() as connection:
        allowed = edition(connection).columnstore
    assert (compress_chunks(database) > 0) is allowed

    late = [depth(n, 5.0, seconds=30) for n in range(40)]
    fates = say(
        database,
        depth(7, 7),
        depth(8, 9999),
        *late,
        *events,
        *values,
        MeterValue("P", 1, "t", LONG_AGO, Measurand.POWER_KW, -1.0),
    )

    assert fates == [
        WriteStatus.DUPLICATE,
        RejectionReason.CONFLICT,
        *[WriteStatus.STORED] * 40,
        *[WriteStatus.DUPLICATE] * 100,
        RejectionReason.CONFLICT,
    ]
    assert rows(database, "waterlogging_readings") == 340
    settle(database)
    assert_equal(database)
    compress_chunks(database)
    assert say(database, *late) == [WriteStatus.DUPLICATE] * 40
    assert rolled_up(database, Kind.WATERLOGGING, Granularity.DAY)
    assert_equal(database)


@pytest.mark.usefixtures("_empty")
def test_a_late_upload_into_thousands_of_compressed_batches_is_stored(database: Engine) -> None:
    """Some versions of TimescaleDB refuse to decompress over 100,000 rows per transaction, with a temporary code."""
    filled = text(
        "INSERT INTO waterlogging_readings (device_id, time, channel, depth_mm, quality, received_at)"
        " SELECT 'U' || n % 150, :since + n / 150 * interval '1 second', 0, n % 100, 0, now()"
        " FROM generate_series(0, 149999) n"
    )
    with database.begin() as connection:
        connection.execute(filled, {"since": LONG_AGO})
    compress_chunks(database)
    again = [
        WaterReading(f"U{n}", 0, LONG_AGO + timedelta(seconds=500), depth_mm=(500 * 150 + n) % 100) for n in range(150)
    ]
    between = [WaterReading(f"U{n}", 0, LONG_AGO + timedelta(seconds=500.5), depth_mm=1.0) for n in range(150)]
    beside = [WaterReading(f"U{n}", 0, LONG_AGO + timedelta(seconds=500.7), depth_mm=1.0) for n in range(150)]

    with database.begin() as connection:
        assert copy_new(connection, [(beside, NOON)])
    assert say(database, *again, *between) == [WriteStatus.DUPLICATE] * 150 + [WriteStatus.STORED] * 150


def test_columnstore_policies_are_set_once_and_again_when_the_age_changes(database: Engine) -> None:
    with database.begin() as connection:
        allowed = edition(connection).columnstore
        first = set_columnstore_policies(connection, timedelta(days=7))
        again = set_columnstore_policies(connection, timedelta(days=7))
        changed = set_columnstore_policies(connection, timedelta(days=8))
        set_columnstore_policies(connection, timedelta(days=1))

    assert again == {}
    assert len(first) == len(changed) == (9 if allowed else 0)


class ByColumns(Model):
    @rule()
    def compress_chunks(self) -> None:
        compress_chunks(self.database)


def test_results_equal_those_of_a_dictionary_in_the_columnstore(database: Engine) -> None:
    bound = type("Bound", (ByColumns,), {"database": database})

    run_state_machine_as_test(bound, settings=settings(max_examples=6, stateful_step_count=6))
