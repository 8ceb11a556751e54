"""What devices of the field send, through the broker and ingest into the tables."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.registry.devices import register
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import IngestProcess, counts, sample, scalar
from tests.support.polling import eventually
from tests.support.sl651_frames import level_frame

Connect = Callable[[str], DeviceClient]


def test_a_bad_reading_of_a_message_is_quarantined_alone_with_its_position(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    first, last = json.dumps(sample(20)), json.dumps(sample(10))
    twice = f'{first[:-1]}, "depth_mm": null}}'
    connect("G1").send(f'[{first}, {twice}, {{"time": NaN}}, {last}]'.encode())

    eventually(lambda: counts(database), (2, 0, 2))
    with database.connect() as connection:
        found = connection.execute(text("SELECT position, reason, detail FROM quarantine ORDER BY position")).all()
    assert [(row.position, row.reason) for row in found] == [(1, "invalid"), (2, "invalid")]
    assert found[0].detail == "depth_mm: occurs twice in one object"


def test_a_damaged_frame_takes_no_other_frame_along_and_a_frame_sent_again_is_a_duplicate(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    with database.begin() as connection:
        register(connection, [(Device("station", Kind.WATERLOGGING, REGION, codec="sl651"), None)])
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    frames = [level_frame(minute + timedelta(seconds=8 * n), 60 * n) for n in range(5)]
    damaged = frames[2][:-1] + bytes([frames[2][-1] ^ 1])
    station = connect("station")
    station.send(b"".join([*frames[:2], damaged, *frames[3:]]))
    station.send(b" ".join(frame.hex(" ").upper().encode() for frame in frames))

    eventually(lambda: counts(database), (5, 4, 1))
    assert scalar(database, "SELECT array_agg(depth_mm::int ORDER BY time) FROM waterlogging_readings") == [
        0, 60, 120, 180, 240,
    ]  # fmt: skip


def test_three_phases_of_one_time_are_stored_and_a_register_below_zero_is_flagged(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    at = {"time": datetime.now(UTC).isoformat(), "connector_id": 1, "transaction_id": "t1"}
    phases = [at | {"measurand": "current_a", "phase": phase, "value": 15.5} for phase in ("L1", "L2", "L3")]
    connect("P1").send([*phases, at | {"measurand": "energy_kwh", "value": -0.001}], kind=Kind.CHARGING)

    eventually(lambda: counts(database), (4, 0, 0))
    assert scalar(database, "SELECT count(*) FROM meter_values WHERE quality = 2 AND measurand = 'energy_kwh'") == 1
