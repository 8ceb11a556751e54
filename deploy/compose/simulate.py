#!/usr/bin/env python3
"""Replay twelve recorded floods through the platform in the exercise `sims`.

The data of an earlier run is deleted first. RENCHENG_SIMS_SPEED is the number of recorded seconds per second.
"""

import os
import sys
from datetime import UTC, datetime

from demo.city import DemoCity, build_city
from demo.registration import register_city
from device_sims.client import BrokerAddress, SimulatedDevice
from device_sims.connected import connected
from device_sims.player import Player, PlayProgress
from rencheng.domain.errors import RenchengError
from rencheng.runtime.settings import BrokerSettings, DatabaseSettings
from rencheng.store.core.database import open_database, translate_errors

WORLD = "sims"
SPEED = 60.0
CONNECT_TIMEOUT_S = 60.0
"""The broker loads the new passwords first."""

REPORT_EVERY = 0.1
"""A line per tenth of the replay."""


def prepare() -> tuple[DemoCity, dict[str, str]]:
    """Register the city. Its devices get new passwords."""
    city = build_city(WORLD, datetime.now(UTC))
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng-sims")
    with translate_errors():
        passwords = register_city(engine, city, WORLD, title="Simulation: recorded floods 模拟：实测积水回放")
    engine.dispose()
    return city, passwords


def play(city: DemoCity, passwords: dict[str, str], *, speed: float) -> None:
    """Let each device replay its recording as an MQTT client of its own."""
    devices = [SimulatedDevice(d.device_id, d.kind, d.region, passwords[d.device_id]) for d in city.devices]
    reported = 0.0

    def report(progress: PlayProgress) -> None:
        nonlocal reported
        if progress.completed_share >= reported:
            reported += REPORT_EVERY
            done, acknowledged = progress.completed_share, progress.readings_acknowledged
            _print(f"{done:.0%} replayed; the broker acknowledged {acknowledged} readings")

    settings = BrokerSettings.load()
    broker = BrokerAddress(*settings.mqtt_address, settings.mqtt_tls)
    with connected(devices, broker, timeout_s=CONNECT_TIMEOUT_S) as clients:
        Player(city.replays, clients, speed=speed, on_progress=report).play()


def main() -> None:
    """Prepare and replay."""
    try:
        city, passwords = prepare()
        _print(f"{len(city.sites)} sites and {len(city.devices)} devices are registered")
        play(city, passwords, speed=float(os.environ.get("RENCHENG_SIMS_SPEED") or SPEED))
    except RenchengError as error:
        sys.exit(str(error))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
