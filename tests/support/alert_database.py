"""The database of the alert service, filled and read by tests."""

from typing import Any

from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site
from rencheng.store.registry.devices import add_region, add_world, register
from rencheng.store.registry.sites import register_site
from tests.support.gauge_play import profile, site

REGION = "370102"

QUICK_PROFILE = profile(down_hold_s=5, horizon_s=0)
"""Clears after five seconds, so that a test can wait for it."""

_TABLES = (
    "silences",
    "maintenance",
    "rain_forecasts",
    "notices",
    "doubt_answers",
    "rain_signals",
    "warnings",
    "site_states",
    "waterlogging_readings",
    "quarantine",
    "ingest_progress",
    "devices",
    "sites",
)


def quick_site(number: int = 1, world: str = "actual") -> Site:
    """Return site S1 with gauge G1, and so on."""
    return site(f"S{number}", f"G{number}", world=world, by=QUICK_PROFILE)


def register_sites(database: Engine, *sites: Site) -> None:
    """Register sites and their gauges."""
    with database.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        for one in sites:
            add_world(connection, one.world, one.world)
            register_site(connection, one)
            gauges = [Device(name, Kind.WATERLOGGING, REGION, one.world, one.site_id) for name in one.depth_gauge_ids]
            register(connection, [(gauge, None) for gauge in gauges])


def empty(database: Engine) -> None:
    """Delete everything but the schema."""
    with database.begin() as connection:
        for table in _TABLES:
            connection.execute(text(f"DELETE FROM {table}"))


def rows(database: Engine, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def events(database: Engine, site_id: str = "S1") -> list[tuple[int, str]]:
    """Return (sequence, type) of a site's messages, in the order in which they were recorded."""
    query = "SELECT sequence, message_type FROM warning_events JOIN warnings USING (warning_id)"
    return rows(database, f"{query} WHERE site_id = '{site_id}' ORDER BY event_id")


def stored(database: Engine) -> int:
    """Return how many readings are stored."""
    count: int = rows(database, "SELECT count(*) FROM waterlogging_readings")[0][0]
    return count
