"""A city of gauges with readings and rollups, generated in the database."""

from datetime import UTC, datetime, timedelta

from rencheng.store.core.database import Engine
from rencheng.store.rollups.refresh import roll_up

REGION = "370102"
DEPTH_EVERY_S = 120
"""The reporting interval of a gauge, seconds: 720 rows a day, as a street gauge in water reports."""

_DEVICES = """
INSERT INTO devices (device_id, kind, region, world, latitude, longitude)
SELECT format('gauge-%%s', lpad(n::text, 6, '0')), 'waterlogging', %(region)s, 'actual',
       36.5 + 0.3 * (n %% 1000) / 1000, 116.8 + 0.5 * (n / 1000) / 100
FROM generate_series(0, %(devices)s - 1) n
"""

_READINGS = """
INSERT INTO waterlogging_readings (device_id, time, channel, depth_mm, rain_mm, battery_v, quality, received_at)
SELECT format('gauge-%%s', lpad(n::text, 6, '0')), at, 0, 40 + 40 * sin(extract(epoch FROM at) / 9000 + n), 0.2, 3.6,
       0, at
FROM generate_series(CAST(%(since)s AS timestamptz), CAST(%(until)s AS timestamptz) - interval '1 second',
                     make_interval(secs => %(every)s)) at,
     generate_series(CAST(%(first)s AS int), CAST(%(last)s AS int)) n
"""


def register_gauges(engine: Engine, devices: int) -> None:
    """Register gauges on a grid over the city."""
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO regions VALUES (%(region)s, '历下区', 'Lixia')", {"region": REGION})
        connection.exec_driver_sql(_DEVICES, {"region": REGION, "devices": devices})


def generate(engine: Engine, *, reporting: int, readings: int, end: datetime | None = None) -> datetime:
    """Store readings of the first gauges, day by day and up to `end`, and roll them up. Return `end`.

    Args:
        engine: the database.
        reporting: how many gauges report.
        readings: how many readings they store together.
        end: the time of the last reading; now if not given.
    """
    end = end or datetime.now(UTC).replace(second=0, microsecond=0)
    start = end - timedelta(seconds=DEPTH_EVERY_S * readings / reporting)
    at = start
    while at < end:
        until = min(at + timedelta(days=1), end)
        span = {"since": at, "until": until, "every": DEPTH_EVERY_S, "first": 0, "last": reporting - 1}
        with engine.begin() as connection:
            connection.exec_driver_sql(_READINGS, span)
        at = until
    while roll_up(engine, budget_s=600)["refreshes"]:
        pass
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return end
