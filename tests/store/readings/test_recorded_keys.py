"""The natural key loses no distinct row of the recorded data."""

from collections.abc import Sequence
from itertools import groupby

import pytest
from sqlalchemy import Engine

from device_sims.recordings import floods, sessions, signals
from device_sims.replay import ChargerReplay, FloodReplay, Replay, SignalReplay
from rencheng.domain.reading import Reading
from rencheng.store.readings.merge import ReceivedReading, WriteStatus, write
from rencheng.store.readings.row_mapping import READING_TABLES
from tests.support.store import NOON, rows

FLOODS: list[Replay] = [FloodReplay(f"G{n}", flood, NOON, 3600, 3600) for n, flood in enumerate(floods())]
SIGNALS: list[Replay] = [SignalReplay(f"S{n}", signal, NOON) for n, signal in enumerate(signals())]
CHARGERS: list[Replay] = [
    ChargerReplay(f"P{charger}", list(of_charger), NOON)
    for charger, of_charger in groupby(sessions(), key=lambda session: session.charger)
]


def recorded(replays: Sequence[Replay]) -> list[Reading]:
    return [reading for replay in replays for upload in replay.uploads() for reading in upload.readings]


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    ("replays", "table"),
    [(FLOODS, "waterlogging_readings"), (SIGNALS, "signal_events"), (CHARGERS, "meter_values")],
    ids=["floods", "signals", "chargers"],
)
def test_every_distinct_recorded_row_is_stored(database: Engine, replays: Sequence[Replay], table: str) -> None:
    readings = recorded(replays)
    distinct = {repr(reading) for reading in readings}
    with database.begin() as connection:
        results = write(connection, [ReceivedReading(reading, NOON) for reading in readings])

    assert readings
    assert set(results) <= set(WriteStatus)
    assert results.count(WriteStatus.STORED) == len(distinct) == rows(database, table)
    assert len({READING_TABLES[type(reading)].key_of(reading) for reading in readings}) == len(distinct)
