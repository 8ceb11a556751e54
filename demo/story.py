"""The steps of the demo: schema, city, replay, balance, report."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import migrations
from demo import page, report
from demo.cap_check import check_cap_files
from demo.city import DemoCity, build_city
from demo.live_view import LiveView
from demo.platform import Platform
from demo.reading_balance import ReadingBalance, read_balance
from demo.registration import register_city
from device_sims.client import BrokerAddress, SimulatedDevice
from device_sims.connected import connected
from device_sims.player import Player, PlayResult
from local_stack.stack import reload_broker
from rencheng.devices.registration import write_account_file
from rencheng.domain.errors import NotPossible
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings, DatabaseSettings, checkout
from rencheng.store.core.database import Engine
from rencheng.store.warnings.log import WarningFilters, list_warnings

WORLD = "demo"
SPEED = 450.0
"""Recorded seconds per second."""

SETTLE_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class DemoResult:
    """A successful run: the balance of readings, the warnings, and the report file."""

    balance: ReadingBalance
    rows: list[report.WarningRow]
    report_file: Path


def prepare(engine: Engine, console: Console) -> tuple[DemoCity, dict[str, str]]:
    """Prepare schema, city and broker accounts. Data of an earlier demo is deleted first."""
    migrations.upgrade(DatabaseSettings.load().database_url)
    city = build_city(WORLD, datetime.now(UTC))
    passwords = register_city(engine, city, WORLD, title="Demo: recorded floods 演示：实测积水回放")
    write_account_file(engine, BrokerAccounts.load())
    reload_broker(checkout())
    kinds = [device.kind for device in city.devices]
    by_kind = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    console.print(f"registered {len(city.sites)} sites and {len(kinds)} devices ({by_kind})", highlight=False)
    return city, passwords


def play(city: DemoCity, passwords: dict[str, str], live: LiveView, *, speed: float) -> PlayResult:
    """Replay the recordings through the broker, each device as an MQTT client of its own."""
    devices = [SimulatedDevice(d.device_id, d.kind, d.region, passwords[d.device_id]) for d in city.devices]
    settings = BrokerSettings.load()
    broker = BrokerAddress(*settings.mqtt_address, settings.mqtt_tls)
    with connected(devices, broker) as clients, live.shown():
        played = Player(city.replays, clients, speed=speed, on_progress=live.on_progress).play()
        live.refresh()
    return played


def wait_until_settled(engine: Engine, platform: Platform, published: int) -> ReadingBalance:
    """Wait until every reading is counted and every warning has ended, or the time is over."""
    until = time.monotonic() + SETTLE_TIMEOUT_S
    while True:
        platform.check_alive()
        balance = read_balance(engine, WORLD, platform.metrics_url, published=published)
        with engine.connect() as connection:
            still_open = list_warnings(connection, WarningFilters(world=WORLD, is_open=True))
        if (balance.is_settled and not still_open) or time.monotonic() > until:
            return balance
        time.sleep(0.2)


def conclude(
    engine: Engine, city: DemoCity, played: PlayResult, platform: Platform, root: Path, console: Console
) -> DemoResult:
    """Write the report, and check the run.

    Raises:
        NotPossible: readings are missing, no warning was issued, one is still open, or a CAP file is not valid.
    """
    balance = wait_until_settled(engine, platform, played.total.readings_published)
    with engine.connect() as connection:
        rows = report.collect(connection, city, WORLD, cap_folder=root / "build/demo/cap", root=root)
        samples, marks = report.plot_data(connection, city, WORLD)
        still_open = list_warnings(connection, WarningFilters(world=WORLD, is_open=True))
    file = root / "build/demo/report.json"
    more = {"world": WORLD, "begins_at": city.begins_at, "ends_at": city.ends_at, "replay_s": round(played.wall_s, 1)}
    report.write_json(file, balance, rows, more)
    file.with_suffix(".html").write_text(page.build_page(balance, city.sites, samples, marks, rows), encoding="utf-8")
    report.show(console, balance, rows)
    balance.check()
    if not rows:
        raise NotPossible("no warning was issued for the replayed floods; see build/demo/logs/alerts.log")
    if still_open:
        raise NotPossible(f"{len(still_open)} warnings are still open after the floods; see build/demo/logs/alerts.log")
    checked = check_cap_files(sorted((root / "build/demo/cap").glob("*.xml")))
    console.print(f"{checked} CAP 1.2 messages are valid (schema and rules)", highlight=False)
    return DemoResult(balance, rows, file)
