"""The steps of a drill: register, start the services, replay the storm, wait for the reopening, report."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

import migrations
from demo.drill.cast import (
    CastKeys,
    devices_of,
    end_people,
    register_actuators,
    register_people,
    responders_of,
)
from demo.drill.folder import DrillForm
from demo.drill.outcome import DrillOutcome, read_outcome
from demo.platform import Platform, running
from device_sims.actuators.connection import ConnectedActuator
from device_sims.actuators.model import ActuatorModel, Behaviour
from device_sims.client import BrokerAddress, SimulatedDevice
from device_sims.connected import connected
from device_sims.player import Player
from device_sims.recordings import FloodRecording, floods
from device_sims.replay.flood import FloodReplay
from device_sims.responders.people import SimulatedPeople
from rencheng.devices.registration import register_devices, write_account_file
from rencheng.domain.kind import Kind
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings, ContactSettings, DatabaseSettings
from rencheng.store.core.database import Engine
from rencheng.store.exercises import clear_exercise
from rencheng.store.registry.devices import add_region, add_world, ensure_region
from rencheng.store.registry.sites import register_site

WORLD = "drill"
SPEED = 40.0
"""Seconds of the storm per second."""

LEAD_IN = timedelta(minutes=5)
"""Dry time before the first flood."""

LEAD_OUT = timedelta(minutes=45)
"""Dry time after the last flood: the longest down-hold, 20 min, and the time to inspect and reopen. Proposal."""

SETTLE_S = 20.0
"""The wait for the end of the chain is over once no step followed for this time, seconds. Proposal."""


@dataclass(frozen=True)
class DrillPlan:
    """What a run plays.

    Attributes:
        floods: by number, as the cast names them.
        lead_out: dry time after the last flood.
    """

    form: DrillForm
    speed: float = SPEED
    seed: int = 1
    lead_out: timedelta = LEAD_OUT
    settle_s: float = SETTLE_S
    floods: Sequence[FloodRecording] = ()


def run_drill(
    engine: Engine, plan: DrillPlan, folder: Path, console: Console, reload: Callable[[], object]
) -> DrillOutcome:
    """Run a drill to its end. Its reports are written into the folder.

    Args:
        engine: the database.
        plan: what is played.
        folder: for reports and logs.
        console: for what happens.
        reload: makes the broker read its accounts again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    form = plan.form
    replays = _replays(plan, datetime.now(UTC))
    passwords = _prepare(engine, form, reload)
    people = SimulatedPeople(responders_of(form, plan.seed), speed=plan.speed, seed=plan.seed)
    with people:
        gateways = folder / "gateways.toml"
        gateways.write_text(people.inbox.gateway_file, encoding="utf-8")
        keys = register_people(engine, form, people, WORLD, ContactSettings.load().contact_keys.get_secret_value())
        with _ended(engine, form, keys):
            more = {"RENCHENG_RESPONSE_GATEWAYS_FILE": str(gateways)}
            with running(folder / "logs", more) as platform, _devices(form, passwords, plan.seed):
                people.begin(platform.api_url, keys.people, keys.gateway, WORLD)
                _play(form, replays, passwords, plan.speed)
                return _wait_for_the_end(engine, platform, folder, plan.settle_s, console)


@contextmanager
def _ended(engine: Engine, form: DrillForm, keys: CastKeys) -> Iterator[None]:
    try:
        yield
    finally:
        end_people(engine, form, keys)


def _prepare(engine: Engine, form: DrillForm, reload: Callable[[], object]) -> dict[str, str]:
    """Prepare schema, places, devices and broker accounts. Return the passwords by device."""
    migrations.upgrade(DatabaseSettings.load().database_url)
    with engine.begin() as connection:
        clear_exercise(connection, WORLD)
        add_world(connection, WORLD, "Drill 演练")
        add_region(connection, form.cast.region, form.cast.region_zh, form.cast.region_en)
        for site in form.sites:
            ensure_region(connection, site.region)
            register_site(connection, site.model_copy(update={"world": WORLD}).to_site())
    passwords = register_devices(engine, devices_of(form, WORLD)) | register_actuators(engine, form, WORLD)
    write_account_file(engine, BrokerAccounts.load())
    reload()
    return passwords


def _replays(plan: DrillPlan, ends_at: datetime) -> list[FloodReplay]:
    """Return the replay of each gauge. The storm ends at the given time, so that ingest accepts all sample times."""
    recorded = plan.floods or floods()
    gauges = {site.site_id: site.sensors[0].device_id for site in plan.form.sites}
    storm = [(each, recorded[each.flood]) for each in plan.form.cast.storm]
    length_s = max(each.starts_min * 60 + flood.duration_s for each, flood in storm)
    begins_at = ends_at - timedelta(seconds=length_s) - plan.lead_out
    found = []
    for each, flood in storm:
        start_s = each.starts_min * 60
        lead_out_s = length_s - start_s - flood.duration_s + plan.lead_out.total_seconds()
        start = begins_at + timedelta(seconds=start_s)
        lead_in_s = start_s + LEAD_IN.total_seconds()
        found.append(FloodReplay(gauges[each.site_id], flood, start, int(lead_in_s), int(lead_out_s)))
    return found


@contextmanager
def _devices(form: DrillForm, passwords: Mapping[str, str], seed: int) -> Iterator[None]:
    """Connect the devices that take commands."""
    settings = BrokerSettings.load()
    broker = BrokerAddress(*settings.mqtt_address, settings.mqtt_tls)
    with ExitStack() as devices:
        for each in form.actuators:
            behaviour = form.cast.behaviours.get(each.device_id, Behaviour.OBEYS)
            dice = random.Random(f"{seed}/{each.device_id}")  # noqa: S311 - simulated movements
            model = ActuatorModel(each.kind, behaviour, dice)
            password = passwords[each.device_id]
            devices.enter_context(ConnectedActuator(each.device_id, each.region, password, model, broker))
        yield


def _play(form: DrillForm, replays: Sequence[FloodReplay], passwords: Mapping[str, str], speed: float) -> None:
    regions = {sensor.device_id: site.region for site in form.sites for sensor in site.sensors}
    names = sorted({each.device_id for each in replays})
    devices = [SimulatedDevice(name, Kind.WATERLOGGING, regions[name], passwords[name]) for name in names]
    settings = BrokerSettings.load()
    with connected(devices, BrokerAddress(*settings.mqtt_address, settings.mqtt_tls)) as clients:
        Player(replays, clients, speed=speed).play()


def _wait_for_the_end(
    engine: Engine, platform: Platform, folder: Path, settle_s: float, console: Console
) -> DrillOutcome:
    """Wait until the chain of every warning is whole, or nothing follows any more."""
    until = time.monotonic() + settle_s
    lost: Mapping[str, Sequence[str]] = {}
    console.print("the storm is over; waiting for the last places to be reopened", highlight=False)
    while True:
        platform.check_alive()
        outcome = read_outcome(engine, WORLD, folder)
        if outcome.lost != lost:
            lost, until = outcome.lost, time.monotonic() + settle_s
        if not lost or time.monotonic() > until:
            return outcome
        time.sleep(1.0)
