"""What gauges of the field send, through the broker, ingest and the alert service."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from tests.alerts.conftest import MakeGauge, MakeService
from tests.support.alert_database import events, quick_site, register_sites, rows
from tests.support.polling import eventually
from tests.support.sl651_frames import level_frame

COUNTS = "SELECT sum(stored)::int, sum(duplicate)::int, sum(quarantined)::int FROM ingest_counts"
LEVELS = "SELECT level FROM warning_events ORDER BY event_id"


def test_extra_reports_of_one_minute_are_stored_and_evaluated_each(
    make_service: MakeService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site())
    with database.begin() as connection:
        connection.execute(text("DELETE FROM ingest_counts"))
        connection.execute(text("UPDATE devices SET codec = 'sl651'"))
    ingest, alerts = make_service("ingest"), make_service("alerts")
    ingest.start()
    alerts.start()
    street = gauge("G1")
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    frames = [
        level_frame(minute + timedelta(seconds=8 * n), depth_mm)
        for n, depth_mm in enumerate((60, 120, 180, 260, 330, 410))
    ]
    for frame in [*frames, *frames]:  # each is sent again
        street.publish(frame)

    eventually(lambda: rows(database, LEVELS)[-1:], [(4,)])
    eventually(lambda: rows(database, COUNTS), [(6, 6, 0)])


def test_a_message_written_newest_first_raises_all_levels_at_once(
    make_service: MakeService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site())
    make_service("alerts").start()
    street, now = gauge("G1"), datetime.now(UTC)
    street.publish(
        [{"time": (now - timedelta(seconds=10 * n)).isoformat(), "depth_mm": 440 - 40 * n} for n in range(11)]
    )
    began = time.monotonic()

    eventually(lambda: rows(database, LEVELS)[-1:], [(4,)])
    assert time.monotonic() - began < 5
    assert [level for (level,) in rows(database, LEVELS)] == sorted({level for (level,) in rows(database, LEVELS)})
    assert events(database)[0] == (1, "Alert")
