"""Weather without bound in the database delays no warning, and fits into the memory of the container."""

import time

import pytest
from sqlalchemy import Engine, text

from benchmarks.load.memory_limit import MemoryLimit
from rencheng.store.registry.devices import add_world
from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import events, quick_site, register_sites
from tests.support.polling import eventually
from tests.support.services import SubscribingService

pytestmark = pytest.mark.long

LIMIT_MB = 512
"""The alert service's `mem_limit` in docker-compose.yml."""

SIGNALS = """
INSERT INTO rain_signals (identifier, world, sender, message_type, level, regions, "references", headline, status,
    document, sent_at, effective_at, expires_at)
SELECT 'W' || number, 'actual', 's', 'Alert', 1, codes, '{}', '', 'Actual', repeat('x', 1000000),
    now(), now(), now() + interval '3 hours'
FROM generate_series(1, 40) AS number,
    (SELECT array_agg((370000 + code % 100000)::text) AS codes FROM generate_series(1, 140000) AS code) AS all_codes
"""
FORECASTS = """
INSERT INTO rain_forecasts (world, region, source, issued_at, valid_from, valid_to, rain_mm)
SELECT 'drill', '370102', 'source ' || number, now(), now(), now() + interval '1 hour', 1
FROM generate_series(1, 300000) AS number
"""


def test_a_flood_is_warned_of_in_two_seconds_with_all_the_weather_that_there_can_be(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1))
    with database.begin() as connection:
        add_world(connection, "drill", "drill")
        connection.execute(text(SIGNALS))
        connection.execute(text(FORECASTS))
    register_sites(database, quick_site(3, "drill"))
    alerts.start()
    with MemoryLimit(alerts.pid, LIMIT_MB) as memory:
        time.sleep(3)  # the weather is read every two seconds
        began_s = time.monotonic()
        gauge("G1").send(450, 40)
        eventually(lambda: events(database)[:1], [(1, "Alert")], within_s=10)
        assert time.monotonic() - began_s < 2
    assert (memory.kills, alerts.is_running) == (0, True)
    assert memory.peak_mb < LIMIT_MB / 2
