"""Delete an exercise with everything that belongs to it."""

from sqlalchemy import Connection, delete, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.store.rollups.refresh import mark_devices_stale
from rencheng.store.schema.account_tables import ingest_counts, quarantine, quarantine_drops
from rencheng.store.schema.command_tables import actuators, commands
from rencheng.store.schema.delivery_tables import dispatches
from rencheng.store.schema.suppression_tables import doubt_answers, maintenance, notices, silences
from rencheng.store.schema.tables import (
    device_states,
    devices,
    meter_values,
    signal_events,
    site_states,
    sites,
    warnings,
    waterlogging_readings,
    worlds,
)
from rencheng.store.schema.task_tables import responses
from rencheng.store.schema.weather_tables import rain_forecasts, rain_signals

OF_WORLD = (
    commands,
    actuators,
    dispatches,
    responses,
    quarantine,
    quarantine_drops,
    ingest_counts,
    rain_signals,
    rain_forecasts,
    silences,
    maintenance,
    notices,
    doubt_answers,
    warnings,
)
"""Tables with a column `world`."""


def clear_exercise(connection: Connection, world: str) -> None:
    """Delete an exercise: its sites, devices, readings, warnings, weather, quarantine and counts.

    Raises:
        NotPossible: the world is `actual`, which is not an exercise.
    """
    if world == ACTUAL:
        raise NotPossible("the world `actual` is not an exercise and cannot be cleared")
    of_world = select(devices.c.device_id).where(devices.c.world == world)
    mark_devices_stale(connection, of_world)
    for table in (waterlogging_readings, signal_events, meter_values, device_states):
        connection.execute(delete(table).where(table.c.device_id.in_(of_world)))
    for table in OF_WORLD:
        connection.execute(delete(table).where(table.c.world == world))
    sites_of_world = select(sites.c.site_id).where(sites.c.world == world)
    connection.execute(delete(site_states).where(site_states.c.site_id.in_(sites_of_world)))
    for table in (devices, sites, worlds):
        connection.execute(delete(table).where(table.c.world == world))
