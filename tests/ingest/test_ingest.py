"""The guarantees of ingest, from outside: messages in, rows and counts out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.store.registry.devices import register
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, counts, sample, scalar
from tests.support.polling import eventually

Connect = Callable[[str], DeviceClient]


def test_a_reading_is_stored_with_its_own_time_and_ours(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    connect("G1").send(
        {"time": "2026-11-20T08:00:00+08:00", "depth_mm": 41.5, "rain_mm": 0.2, "battery_v": 3.6} | now()
    )

    eventually(lambda: counts(database), (1, 0, 0))
    with database.connect() as connection:
        row = connection.execute(text("SELECT *, received_at - time AS lag FROM waterlogging_readings")).one()
    assert (row.device_id, row.depth_mm, row.rain_mm, row.battery_v) == ("G1", 41.5, 0.2, 3.6)
    assert timedelta(0) <= row.lag < timedelta(seconds=10)


def now() -> dict[str, str]:
    return {"time": datetime.now(UTC).isoformat()}


def test_all_three_kinds_are_stored(ingest: IngestProcess, connect: Connect, database: Engine) -> None:
    connect("G1").send([sample(2), sample(1)])
    connect("S1").send(
        [now() | {"event_id": 1, "parameter": 2}, now() | {"event_id": 82, "parameter": 5}], kind=Kind.SIGNAL
    )
    value = now() | {"connector_id": 1, "transaction_id": "t1", "measurand": "power_kw", "value": 7.2}
    state = now() | {"connector_id": 1, "measurand": "status", "status": "Charging", "error_code": "NoError"}
    connect("P1").send([value, state], kind=Kind.CHARGING)

    eventually(lambda: counts(database), (6, 0, 0))
    tables = ("waterlogging_readings", "signal_events", "meter_values")
    assert [scalar(database, f"SELECT count(*) FROM {table}") for table in tables] == [2, 2, 2]


def test_a_reading_sent_again_is_stored_once_and_counted(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    reading, gauge = sample(), connect("G1")
    for _ in range(3):
        gauge.send(reading)
    gauge.send([reading, reading])

    eventually(lambda: counts(database), (1, 4, 0))
    assert scalar(database, "SELECT count(*) FROM waterlogging_readings") == 1


def test_the_same_key_with_other_values_is_a_conflict_and_kept(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    reading, gauge = sample(depth_mm=10), connect("G1")
    gauge.send(reading)
    gauge.send([reading | {"depth_mm": 11}, reading, sample()])

    eventually(lambda: counts(database), (2, 1, 1))
    with database.connect() as connection:
        row = connection.execute(text("SELECT reason, position, payload, device_id, times FROM quarantine")).one()
    assert (row.reason, row.position, row.device_id, row.times) == ("conflict", 0, "G1", 1)
    assert b"11" in row.payload


BAD = {
    "undecodable": b"\xff not json",
    "invalid": b'{"time": "2026-11-20T08:00:00+08:00", "depth_cm": 4}',
    "clock_past": b'{"time": "2021-07-20T17:00:00+08:00", "depth_mm": 4}',
    "clock_future": b'{"time": "2121-07-20T17:00:00+08:00", "depth_mm": 4}',
}


@pytest.mark.parametrize(("reason", "payload"), BAD.items())
def test_a_bad_message_is_quarantined_whole_and_the_others_are_stored(
    ingest: IngestProcess, connect: Connect, database: Engine, reason: str, payload: bytes
) -> None:
    gauge = connect("G1")
    gauge.send(sample())
    gauge.send(payload)
    gauge.send(sample())

    eventually(lambda: counts(database), (2, 0, 1))
    with database.connect() as connection:
        row = connection.execute(text("SELECT * FROM quarantine")).one()
    assert (row.reason, bytes(row.payload), row.device_id) == (reason, payload, "G1")
    assert row.topic == f"rencheng/v1/{REGION}/waterlogging/G1/telemetry"
    assert row.detail


def test_one_bad_reading_of_an_array_is_rejected_alone(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    connect("G1").send([sample(3), {"time": "soon", "depth_mm": 1, "\x00": 2}, sample(2), sample(-3600), sample(1)])

    eventually(lambda: counts(database), (3, 0, 2))
    with database.connect() as connection:
        rows = connection.execute(text("SELECT position, reason FROM quarantine ORDER BY position")).all()
    assert [tuple(row) for row in rows] == [(1, "invalid"), (3, "clock_future")]


def test_a_row_that_the_database_refuses_is_quarantined_without_its_batch(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE waterlogging_readings ADD CONSTRAINT odd CHECK (depth_mm <> 666)"))
    try:
        connect("G1").send([sample(second, 666 if second in {7, 12} else 5.0) for second in range(20)])

        eventually(lambda: counts(database), (18, 0, 2))
        assert scalar(database, "SELECT array_agg(position ORDER BY position) FROM quarantine") == [7, 12]
        assert scalar(database, "SELECT DISTINCT reason FROM quarantine") == "store_refused"
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE waterlogging_readings DROP CONSTRAINT odd"))


def test_unregistered_devices_and_wrong_addresses_are_quarantined_by_name(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    connect("unregistered").send(sample())
    connect("G2").send(sample(), region="370103")
    connect("G3").send(sample(), kind=Kind.SIGNAL)

    eventually(lambda: counts(database), (0, 0, 3))
    with database.connect() as connection:
        rows = connection.execute(text("SELECT device_id, reason FROM quarantine ORDER BY device_id")).all()
    assert [tuple(row) for row in rows] == [
        ("G2", "wrong_address"),
        ("G3", "wrong_address"),
        ("unregistered", "unknown_device"),
    ]


def test_readings_of_a_device_just_registered_are_stored(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    gauge = connect("newcomer")
    gauge.send(sample())
    eventually(lambda: counts(database), (0, 0, 1))

    with database.begin() as connection:
        register(connection, [(Device("newcomer", Kind.WATERLOGGING, REGION), None)])
    gauge.send(sample())

    eventually(lambda: counts(database), (1, 0, 1))


def test_the_same_bad_message_again_raises_a_count_not_a_table(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    gauge = connect("G1")
    for _ in range(5):
        gauge.send(b"broken")

    eventually(lambda: counts(database), (0, 0, 5))
    assert scalar(database, "SELECT count(*) FROM quarantine") == 1
    assert scalar(database, "SELECT times FROM quarantine") == 5


def test_a_device_that_goes_offline_is_recorded_as_offline(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    gauge = connect("G4")
    gauge.send({"status": "online"}, channel="state")
    gauge.send({"status": "offline"}, channel="state")

    eventually(
        lambda: scalar(database, "SELECT bool_or(online) FROM device_states WHERE device_id = 'G4'"), expected=False
    )
    assert counts(database) == (0, 0, 0)


def test_an_unmeasured_depth_is_missing_and_never_zero(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    connect("G1").send([sample(2, None), sample(1, 99_999.0)])

    eventually(lambda: counts(database), (2, 0, 0))
    with database.connect() as connection:
        rows = connection.execute(text("SELECT depth_mm, quality FROM waterlogging_readings ORDER BY time")).all()
    assert [tuple(row) for row in rows] == [(None, 1), (99_999.0, 2)]


def test_late_readings_out_of_order_are_stored_and_flagged_late(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    gauge = connect("G1")
    for seconds_ago in (1, 600, 0, 86_400, 60):
        gauge.send(sample(seconds_ago))

    eventually(lambda: counts(database), (5, 0, 0))
    with database.connect() as connection:
        qualities = connection.execute(text("SELECT quality FROM waterlogging_readings ORDER BY time")).scalars().all()
    assert qualities == [Quality.LATE, Quality.LATE, 0, 0, 0]


def test_a_receiver_asked_to_stop_stops(ingest: IngestProcess, connect: Connect, database: Engine) -> None:
    connect("G1").send(sample())
    eventually(lambda: counts(database), (1, 0, 0))

    assert ingest.stop() == 0


def test_killed_in_the_middle_of_a_load_nothing_is_lost_and_nothing_stored_twice(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    senders = [connect(name) for name in GAUGES]
    start = datetime.now(UTC) - timedelta(hours=2)
    published: set[tuple[str, datetime]] = set()
    waiting = []
    for number in range(6000):
        gauge, at = senders[number % len(senders)], start + timedelta(seconds=number // len(senders))
        waiting.append(gauge.post({"time": at.isoformat(), "depth_mm": float(number % 50)}))
        published.add((gauge.name, at))
        if number in {1500, 3000, 4500}:
            eventually(lambda: scalar(database, "SELECT count(*) > 0 FROM waterlogging_readings"), expected=True)
            ingest.kill()
            ingest.start()
    for info in waiting:
        info.wait_for_publish(30)

    eventually(lambda: scalar(database, "SELECT count(*) FROM waterlogging_readings"), len(published), within_s=60)
    with database.connect() as connection:
        stored = {
            (r.device_id, r.time) for r in connection.execute(text("SELECT device_id, time FROM waterlogging_readings"))
        }
    assert stored == published
    assert counts(database)[0] == len(published)
    assert counts(database)[2] == 0
