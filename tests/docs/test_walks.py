"""How many files a reading, a warning and a question pass through. ARCHITECTURE lists them in the same order."""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, create_engine, text

from local_stack.ports import choose_port
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.store.access.api_keys import KeyScope, create
from rencheng.store.registry.devices import add_region, register
from rencheng.store.registry.sites import register_site
from services.alerts import app as alerts
from services.alerts.settings import AlertSettings
from services.api.__main__ import make_server
from services.api.settings import ApiSettings
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from tests.conftest import Broker
from tests.support.polling import eventually
from tests.support.walks import ROOT, Walk, tracing

LOG = logging.getLogger(__name__)

REGION, SITE, GAUGE = "370102", "walk-site", "walk-gauge"
TELEMETRY = f"rencheng/v1/{REGION}/waterlogging/{GAUGE}/telemetry"
DEPTH_MM = 88.37
"""The depth that is followed: no other value of the city has these digits."""
STATIONS_MAX = 40
"""Files that pass a warning on; the others only compute something from it."""

WARNING = f"""INSERT INTO warnings VALUES ('{SITE}-2026', '{SITE}', 'actual', 2, 2, now(), now(), NULL)"""


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    site = Site(
        SITE,
        "点位",
        "Site",
        SiteType.UNDERPASS,
        REGION,
        36.65,
        117.12,
        default_profile(SiteType.UNDERPASS),
        depth_gauge_ids=(GAUGE,),
    )
    with engine.begin() as connection:
        for table in ("warnings", "site_states", "waterlogging_readings", "devices", "sites", "ingest_progress"):
            connection.execute(text(f"DELETE FROM {table}"))
        add_region(connection, REGION, "历下区", "Lixia")
        register_site(connection, site)
        register(connection, [(Device(GAUGE, Kind.WATERLOGGING, REGION, site_id=SITE, receipts=True), None)])
    yield engine
    engine.dispose()


@pytest.fixture
def environment(broker: Broker, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in broker.environment(database_url).items():
        monkeypatch.setenv(name, value)


@contextmanager
def running(run: Callable[..., None], settings: object) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


@contextmanager
def gauge(broker: Broker) -> Iterator[Callable[[float], Any]]:
    """A gauge's MQTT client; what it yields publishes a depth."""
    broker.add_accounts(GAUGE)
    client = Client(CallbackAPIVersion.VERSION2, client_id=GAUGE)
    client.username_pw_set(GAUGE, broker.passwords[GAUGE])
    client.connect(*broker.address)
    client.loop_start()
    eventually(client.is_connected, expected=True)

    def publish(depth_mm: float) -> None:
        payload = json.dumps({"time": datetime.now(UTC).isoformat(), "depth_mm": depth_mm})
        client.publish(TELEMETRY, payload, qos=1).wait_for_publish(20)

    yield publish
    client.disconnect()
    client.loop_stop()


def number(database: Engine, query: str) -> int:
    with database.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_a_reading_passes_at_most_22_files_and_turns_back_at_most_twice(broker: Broker, database: Engine) -> None:
    rows = "SELECT count(*) FROM waterlogging_readings"
    traced, receiver = tracing(str(DEPTH_MM), f"/{GAUGE}/", "PacketHandle("), running(ingest.run, IngestSettings())
    with traced as walk, receiver, gauge(broker) as publish:
        until_s = time.monotonic() + 20
        while not number(database, rows) and time.monotonic() < until_s:  # until ingest has subscribed
            publish(1.0)
            time.sleep(0.3)
        walk.is_on, before = True, number(database, rows)
        publish(DEPTH_MM)
        eventually(lambda: number(database, rows), expected=before + 1)
        eventually(lambda: any("replies/publisher" in name for name in walk.files), expected=True)
        walk.is_on = False
    check(walk, "A reading", files_max=22, turn_backs_max=2)


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_a_warning_is_passed_on_by_at_most_40_files_and_turns_back_at_most_three_times(
    broker: Broker, database: Engine
) -> None:
    delivered = "SELECT count(*) FROM deliveries WHERE delivered_at IS NOT NULL"
    with tracing(str(DEPTH_MM), f"{SITE}-2") as walk, running(alerts.run, AlertSettings()), gauge(broker) as publish:
        time.sleep(2)
        for depth_mm in (12.0, 12.0, 12.0):  # blue begins at 50 mm; a step of more than 80 mm is pending first
            publish(depth_mm)
            time.sleep(1.1)
        walk.is_on = True
        publish(DEPTH_MM)
        eventually(lambda: number(database, delivered) > 0, expected=True)
        time.sleep(0.5)
        walk.is_on = False
    check(walk, "A warning", files_max=54, turn_backs_max=3)
    assert len(walk.stations) <= STATIONS_MAX, str(walk)


@pytest.mark.slow
def test_a_question_passes_at_most_13_files_and_turns_back_at_most_twice(database_url: str, database: Engine) -> None:
    with database.begin() as connection:
        key = create(connection, "walk", [KeyScope.WARNINGS_READ])
        connection.execute(text(WARNING))
    server = make_server(ApiSettings(database_url=database_url, api_port=choose_port(seed=GAUGE, avoid=())))
    with tracing(SITE, key) as walk, running(lambda _settings, _stop: server.run(), None):
        eventually(lambda: server.started, expected=True)
        walk.is_on = True
        url = f"http://127.0.0.1:{server.config.port}/v1/warnings?site_id={SITE}"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"}).json()
        walk.is_on = False
        server.should_exit = True

    assert len(answer["items"]) == 1
    check(walk, "A question", files_max=13, turn_backs_max=2)


def check(walk: Walk, title: str, *, files_max: int, turn_backs_max: int) -> None:
    """Compare the trace with the bounds and with the table in ARCHITECTURE."""
    LOG.info("%s:\n%s", title, walk)
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split(f"### {title}\n")[1].split("\n##")[0]
    documented = set(re.findall(r"`(\w+/[\w/]+\.py)`", section))

    assert set(walk.files) - documented == set(), "files that ARCHITECTURE does not list"
    assert len(documented) <= files_max, str(walk)
    assert len(walk.turn_backs) <= turn_backs_max, str(walk)
