"""A small city in the database, the API on a free port, and clients with keys."""

from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from sqlalchemy import Engine, create_engine

from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.devices import add_region, add_world, register
from rencheng.store.registry.sites import register_site
from tests.support.api import DEVICES, DRILL, HUAIYIN, LIXIA, PATIENCE_S, SITES, MakeToken, serving


@pytest.fixture(scope="module")
def city(database_url: str) -> Iterator[Engine]:
    """A database with two regions, two live sites, a drill, and their devices."""
    engine = create_engine(database_url)
    create_staging_on_connect(engine)
    with engine.begin() as connection:
        add_world(connection, DRILL, "演练")
        add_region(connection, LIXIA, "历下区", "Lixia")
        add_region(connection, HUAIYIN, "槐荫区", "Huaiyin")
        for site in SITES:
            register_site(connection, site)
        register(connection, [(device, None) for device in DEVICES])
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def address(database_url: str) -> Iterator[str]:
    with serving(database_url) as url:
        yield url


@pytest.fixture(scope="module")
def anonymous(address: str) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="module")
def make_token(city: Engine) -> MakeToken:
    def make(*scopes: KeyScope, expires_at: datetime | None = None) -> str:
        with city.begin() as connection:
            return api_keys.create(connection, "a test", scopes, expires_at)

    return make


@pytest.fixture
def token(make_token: MakeToken) -> str:
    """A key that is good for warnings alone."""
    return make_token(KeyScope.WARNINGS_READ)


@pytest.fixture(scope="module")
def client(address: str, make_token: MakeToken) -> Iterator[httpx.Client]:
    """A client whose key lists every scope."""
    headers = {"Authorization": f"Bearer {make_token(*KeyScope)}"}
    with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S) as client:
        yield client
