from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.devices import ensure_region
from rencheng.store.registry.sites import register_site

REGION = "370102"
ACTOR = "shell tester"


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    """A database with one site."""
    engine = open_database(database_url, name="registry tests")
    create_staging_on_connect(engine)
    profile = default_profile(SiteType.UNDERPASS)
    with engine.begin() as connection:
        ensure_region(connection, REGION)
        register_site(connection, Site("S1", "下穿", "Underpass", SiteType.UNDERPASS, REGION, 36.6, 117.0, profile))
    yield engine
    engine.dispose()


@pytest.fixture
def _empty(database: Engine) -> None:
    with database.begin() as connection:
        for table in ("site_sensors", "devices", "audit", "quarantine", "waterlogging_readings", "ingest_counts"):
            connection.execute(text(f"DELETE FROM {table}"))
