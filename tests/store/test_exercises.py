from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from rencheng.domain.device import ACTUAL, Device, DeviceState
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.engine.record import SiteRecord
from rencheng.engine.reorder_buffer import PendingReading
from rencheng.store.accounting.counts import ReadingCounts, count
from rencheng.store.exercises import clear_exercise
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.readings.merge import ReceivedReading, write
from rencheng.store.registry.devices import add_region, add_world, register, save_states
from rencheng.store.registry.sites import register_site, save_site_states
from tests.support.store import NOON, REGION

TABLES = (
    "worlds",
    "sites",
    "site_states",
    "devices",
    "device_states",
    "waterlogging_readings",
    "signal_events",
    "meter_values",
    "quarantine",
    "ingest_counts",
    "warnings",
    "warning_events",
    "deliveries",
)
ADD_WARNING = "INSERT INTO warnings VALUES (:world, :world || '-site', :world, 1, 1, now(), now())"
ADD_EVENT = """
INSERT INTO warning_events (warning_id, sequence, identifier, message_type, level, issued_at, document, cap_xml)
VALUES (:world, 1, :world, 'Alert', 1, now(), '{}', '')
"""
ADD_DELIVERY = """
INSERT INTO deliveries (event_id, channel, topic)
SELECT event_id, 'mqtt', 't' FROM warning_events WHERE warning_id = :world
"""


def fill(connection: Connection, world: str) -> None:
    """Add one row of everything that a world can have."""
    add_world(connection, world, "a title")
    profile = default_profile(SiteType.ROAD)
    register_site(
        connection, Site(f"{world}-site", "路", "Road", SiteType.ROAD, REGION, 36.6, 117.0, profile, world=world)
    )
    pending = PendingReading.of(WaterReading(f"{world}-w", 0, NOON, depth_mm=1.0), NOON)
    save_site_states(connection, {f"{world}-site": SiteRecord(world, pending=(pending,))})
    kinds = {"w": Kind.WATERLOGGING, "s": Kind.SIGNAL, "p": Kind.CHARGING}
    devices = [Device(f"{world}-{short}", kind, REGION, world, f"{world}-site") for short, kind in kinds.items()]
    register(connection, [(device, None) for device in devices])
    save_states(connection, [DeviceState(f"{world}-w", True, NOON)])
    readings: list[Reading] = [
        WaterReading(f"{world}-w", 0, NOON, depth_mm=1.0),
        SignalEvent(f"{world}-s", NOON, 1, 2),
        MeterValue(f"{world}-p", 1, "", NOON, Measurand.POWER_KW, 1.0),
    ]
    write(connection, [ReceivedReading(reading, NOON + timedelta(seconds=1)) for reading in readings])
    add_to_quarantine(
        connection, [QuarantineRecord(world, b"?", -1, RejectionReason.UNDECODABLE, "?", None, world, NOON)]
    )
    count(connection, "worker", NOON, {(world, "signal"): ReadingCounts(1, 2, 3)})
    for statement in (ADD_WARNING, ADD_EVENT, ADD_DELIVERY):
        connection.execute(text(statement), {"world": world})


def held(connection: Connection) -> dict[str, int]:
    return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}


def test_clearing_an_exercise_leaves_other_data_unchanged(database: Engine) -> None:
    with database.connect() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        fill(connection, ACTUAL)
        fill(connection, "drill")
        before = held(connection)
        fill(connection, "replay")
        with_it = held(connection)
        clear_exercise(connection, "replay")

        assert all(with_it[table] > before[table] for table in TABLES)
        assert held(connection) == before
        connection.rollback()


def test_the_actual_world_cannot_be_cleared(database: Engine) -> None:
    with database.connect() as connection:
        fill(connection, ACTUAL)
        before = held(connection)
        with pytest.raises(NotPossible):
            clear_exercise(connection, ACTUAL)

        assert held(connection) == before
        connection.rollback()


def test_clearing_an_unknown_exercise_does_nothing(database: Engine) -> None:
    with database.connect() as connection:
        before = held(connection)
        clear_exercise(connection, "never held")

        assert held(connection) == before
