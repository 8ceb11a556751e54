"""The fast path: its failures, and when it is tried again."""

from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from rencheng.domain.reading import Reading, SignalEvent, WaterReading
from rencheng.store.readings.copy_new import SLOW_PATH_MAX, FastPathBackoff, copy_new
from tests.store.readings.test_readings_faults import gauge
from tests.support.store import NOON, rows


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    "unsuitable",
    [
        gauge(0),
        replace(gauge(0), depth_mm=7.0),
        gauge(1, device_id="NUL\0"),
        gauge(1, device_id="lone \ud800 surrogate"),
        WaterReading("G1", 2**15, NOON, depth_mm=1.0),
        SignalEvent("S1", NOON, 1, 2**40),
    ],
    ids=["a repetition", "a contradiction", "NUL", "surrogate", "wide channel", "wide parameter"],
)
def test_one_unsuitable_reading_ends_the_fast_path_with_nothing_stored(database: Engine, unsuitable: Reading) -> None:
    with database.connect() as connection:
        assert not copy_new(connection, [([gauge(0), gauge(2)], NOON), ([unsuitable], NOON)])
        connection.rollback()

    assert rows(database, "waterlogging_readings") == rows(database, "signal_events") == 0


def test_the_fast_path_is_tried_more_rarely_as_long_as_it_fails() -> None:
    backoff = FastPathBackoff()
    tried = []
    for batch in range(1000):
        if backoff.should_try():
            tried.append(batch)
            backoff.record_failure()
    gaps = [later - earlier for earlier, later in pairwise(tried)]

    assert gaps[:4] == [2, 3, 5, 9]
    assert max(gaps) == SLOW_PATH_MAX + 1

    while not backoff.should_try():
        pass
    backoff.record_success()
    backoff.record_failure()
    assert not backoff.should_try()
    assert backoff.should_try()
