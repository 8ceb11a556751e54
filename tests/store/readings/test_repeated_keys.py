"""A device that repeats one key thousands of times in a batch costs a few statements, not one for each."""

from dataclasses import replace
from unittest.mock import patch

import psycopg
import pytest
from sqlalchemy import Engine

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.store.readings.merge import RowResult, WriteStatus, write
from tests.store.readings.test_readings_faults import gauge
from tests.support.store import arrivals, rows

COPIES = 5000
TRIPS_MAX = 20
"""Statements of a batch, whatever it holds. Before, each repetition of a key took three."""


def written(database: Engine, depths_mm: list[float]) -> tuple[list[RowResult], int]:
    """Write readings of one key. Return the results, and how many statements the server executed for them."""
    trips: list[object] = []
    plain = psycopg.Connection.execute

    def counting(driver: object, *args: object, **options: object) -> object:
        trips.append(args[0])
        return plain(driver, *args, **options)  # type: ignore[call-overload]

    with patch.object(psycopg.Connection, "execute", counting), database.begin() as connection:
        found = write(connection, arrivals([replace(gauge(0), depth_mm=depth_mm) for depth_mm in depths_mm]))
    return found, len(trips)


@pytest.mark.usefixtures("_empty")
def test_copies_of_a_reading_in_one_batch_take_a_few_statements(database: Engine) -> None:
    found, trips = written(database, [7.0] * COPIES)

    assert found == [WriteStatus.STORED] + [WriteStatus.DUPLICATE] * (COPIES - 1)
    assert rows(database, "waterlogging_readings") == 1
    assert trips <= TRIPS_MAX


@pytest.mark.usefixtures("_empty")
def test_contradictions_of_a_key_in_one_batch_take_a_few_statements(database: Engine) -> None:
    found, trips = written(database, [float(number // 2) for number in range(COPIES)])

    assert found[:2] == [WriteStatus.STORED, WriteStatus.DUPLICATE]
    assert {one.reason for one in found[2:] if isinstance(one, Rejected)} == {RejectionReason.CONFLICT}
    assert trips <= TRIPS_MAX


@pytest.mark.usefixtures("_empty")
def test_a_key_that_is_stored_already_finds_its_duplicates_among_contradictions(database: Engine) -> None:
    written(database, [7.0])
    found, trips = written(database, [1.0, 7.0, 2.0, 7.0, 1.0] * 1000)

    assert [isinstance(one, Rejected) for one in found[:5]] == [True, False, True, False, True]
    assert found.count(WriteStatus.DUPLICATE) == 2000
    assert trips <= TRIPS_MAX
