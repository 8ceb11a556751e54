"""The API as it runs, on a free port, and a small city to fill its database with."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import Engine

from local_stack.ports import choose_port
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading, WaterReading
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.engine.evaluator import Evaluator
from rencheng.store.readings.merge import ReceivedReading, RowResult, WriteStatus, write
from rencheng.store.registry.sites import load_sites, save_site_states
from services.api.__main__ import Server, make_server
from services.api.settings import ApiSettings
from services.api.streaming.options import StreamOptions
from tests.support.decisions import KEY
from tests.support.polling import eventually
from tests.support.roles import as_role

LIXIA, HUAIYIN = "370102", "370104"
DRILL = "drill"
PATIENCE_S = 30
"""How long a client waits, seconds. Other tests share the processors."""

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


class Address(str):
    """Where an API of a test's own listens, and the server behind it."""

    __slots__ = ("server", "thread")

    server: Server
    thread: threading.Thread


@contextmanager
def serving(database_url: str, stream_options: StreamOptions | None = None, **settings: Any) -> Iterator[Address]:
    """Run the API on a free port; yield its address."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    # tests ask more than any client may, from one address
    generous: dict[str, Any] = {"api_key_per_s": 1e6, "api_address_per_s": 1e6, "api_key_running": 100}
    generous["contact_keys"] = KEY
    url = as_role(database_url, "api")
    server = make_server(ApiSettings(database_url=url, api_port=port, **(generous | settings)), stream_options)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    address = Address(f"http://127.0.0.1:{port}")
    address.server, address.thread = server, thread
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=20)


MakeToken = Callable[..., str]


def store_readings(engine: Engine, readings: Sequence[Reading], *, fate: RowResult = WriteStatus.STORED) -> None:
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


def evaluate_readings(engine: Engine, readings: Sequence[WaterReading]) -> None:
    """Store readings, and evaluate them as the alert service does: each site's state is saved."""
    store_readings(engine, readings)
    evaluator = Evaluator()
    with engine.begin() as connection:
        evaluator.set_sites(load_sites(connection, on_invalid=lambda *_: None))
        for reading in sorted(readings, key=lambda one: one.time):
            evaluator.process_and_commit(reading, reading.time)
        save_site_states(connection, evaluator.dirty_records())


def await_health(port: int) -> dict[str, object]:
    """Wait until an API in a process of its own answers; return its health."""
    found: list[dict[str, object]] = []

    def answers() -> bool:
        try:
            found.append(httpx.get(f"http://127.0.0.1:{port}/health").json())
        except httpx.TransportError:
            return False
        return True

    eventually(answers, within_s=60)
    return found[-1]
