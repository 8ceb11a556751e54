"""The API on a port of its own, a small city in the database, and clients with keys."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine

from local_stack.ports import choose_port
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading, WaterReading
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.readings.merge import ReceivedReading, RowResult, WriteStatus, create_staging_on_connect, write
from rencheng.store.registry.devices import add_region, add_world, register
from rencheng.store.registry.sites import register_site
from services.api.__main__ import Server, make_server
from services.api.settings import ApiSettings

LIXIA, HUAIYIN = "370102", "370104"
DRILL = "drill"
PATIENCE_S = 30
"""How long a client waits: other tests share the processors."""

SITES = (
    Site(
        "underpass",
        "下穿通道",
        "Underpass",
        SiteType.UNDERPASS,
        LIXIA,
        36.65,
        117.12,
        default_profile(SiteType.UNDERPASS),
    ),
    Site("road", "路段", "Road", SiteType.ROAD, HUAIYIN, 36.66, 116.9, default_profile(SiteType.ROAD)),
    Site(
        "drill-tunnel",
        "演练隧道",
        "Drill tunnel",
        SiteType.TUNNEL,
        LIXIA,
        36.6,
        117.0,
        default_profile(SiteType.TUNNEL),
        world=DRILL,
    ),
)

DEVICES = (
    Device("g1", Kind.WATERLOGGING, LIXIA, site_id="underpass", name="北侧"),
    Device("g2", Kind.WATERLOGGING, LIXIA, site_id="underpass"),
    Device("g3", Kind.WATERLOGGING, HUAIYIN, site_id="road"),
    Device("dg1", Kind.WATERLOGGING, LIXIA, world=DRILL, site_id="drill-tunnel"),
    Device("dp1", Kind.CHARGING, LIXIA, world=DRILL),
    Device("p1", Kind.CHARGING, LIXIA),
    Device("s1", Kind.SIGNAL, LIXIA),
)


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


class Address(str):
    """Where an API of a test's own listens, and the server behind it."""

    __slots__ = ("server", "thread")

    server: Server
    thread: threading.Thread


@contextmanager
def serving(database_url: str, **settings: Any) -> Iterator[Address]:
    """The API as it runs, on a free port; its address."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    server = make_server(ApiSettings(database_url=database_url, api_port=port, **settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the API did not start"
        time.sleep(0.01)
    address = Address(f"http://127.0.0.1:{port}")
    address.server, address.thread = server, thread
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="module")
def address(database_url: str) -> Iterator[str]:
    with serving(database_url) as url:
        yield url


@pytest.fixture(scope="module")
def stranger(address: str) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


MakeToken = Callable[..., str]


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


def store(engine: Engine, readings: Sequence[Reading], *, fate: RowResult = WriteStatus.STORED) -> None:
    """Store readings as ingest does."""
    with engine.begin() as connection:
        fates = write(connection, [ReceivedReading(reading, datetime.now(UTC)) for reading in readings])
    assert fates == [fate] * len(readings)


def water(device_id: str, at: datetime, depth_mm: float | None, **more: object) -> WaterReading:
    """A gauge's reading of channel 0, unless another is named."""
    return WaterReading(**{"device_id": device_id, "channel": 0, "time": at, "depth_mm": depth_mm} | more)  # type: ignore[arg-type]


def beijing(text: str) -> datetime:
    """A time of day in 2026 as people in the city write it."""
    return datetime.fromisoformat(f"2026-{text}+08:00")
