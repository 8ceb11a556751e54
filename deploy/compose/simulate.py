#!/usr/bin/env python3
"""Twelve recorded floods through the platform, as the exercise `sims`. What an earlier run left is cleared first.

RENCHENG_SIMS_SPEED says how many seconds of the story pass in one of ours.
"""

import os
import sys
from datetime import UTC, datetime

from demo.city import City, build
from demo.registration import register_city
from device_sims.client import Broker, SimulatedDevice
from device_sims.connected import connected
from device_sims.player import Conductor, Progress
from rencheng.domain.errors import RenchengError
from rencheng.runtime.settings import BrokerSettings, DatabaseSettings
from rencheng.store.core.database import open_database, translate_errors

WORLD = "sims"
SPEED = 60.0
CONNECT_TIMEOUT_S = 60.0
"""The broker has to learn the new passwords first."""

SAY_EVERY = 0.1
"""A line for each tenth of the story."""


def prepare() -> tuple[City, dict[str, str]]:
    """Register the city, and its devices with new passwords."""
    city = build(WORLD, datetime.now(UTC))
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng-sims")
    with translate_errors():
        passwords = register_city(engine, city, WORLD, title="Simulation: recorded floods 模拟：真实洪水回放")
    engine.dispose()
    return city, passwords


def play(city: City, passwords: dict[str, str], *, speed: float) -> None:
    """Let each device play its recording, as an MQTT client of its own."""
    devices = [SimulatedDevice(d.device_id, d.kind, d.region, passwords[d.device_id]) for d in city.devices]
    said = 0.0

    def say(progress: Progress) -> None:
        nonlocal said
        if progress.share >= said:
            said += SAY_EVERY
            _print(f"{progress.share:.0%} of the story, {progress.readings_acknowledged} readings taken by the broker")

    with connected(devices, Broker(*BrokerSettings.load().mqtt_address), timeout_s=CONNECT_TIMEOUT_S) as clients:
        Conductor(city.replays, clients, speed=speed, on_progress=say).play()


def main() -> None:
    """Prepare and play."""
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
