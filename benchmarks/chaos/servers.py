"""The run's own servers, and a fleet whose devices each have an account."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import migrations
from device_sims.fleet.plan import FaultRates, FleetPart, FleetPlan
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import ensure
from local_stack.progress import progress_for_stdout
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.messaging.mqtt.accounts import new_password, password_hash, write_password_file
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import add_region, register

DEVICES_OF_A_KIND = 100
FAULTS = FaultRates(duplicate=0.02, late=0.02, bad_json=0.001, wrong_unit=0.001, stuck=0.05, spiking=0.05, skewed=0.05)


@dataclass
class ChaosServers:
    """Everything that runs except ingest."""

    folder: Path
    database: PostgresServer
    broker: MosquittoServer
    plan: FleetPlan
    passwords: dict[str, str]

    @property
    def database_url(self) -> str:
        """The database's address for SQLAlchemy."""
        return self.database.url("postgres")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of ingest."""
        return os.environ | {
            "RENCHENG_DATABASE_URL": self.database_url,
            "RENCHENG_MQTT_URL": self.broker.url,
            "RENCHENG_MQTT_INGEST_PASSWORD": self.passwords["rencheng-ingest"],
        }

    @property
    def ledger(self) -> Path:
        """The fleet's ledger: what it published, by key."""
        return self.folder / "ledger.csv"

    def add_accounts(self, *names: str) -> None:
        """Let more accounts log in, with a new password each."""
        self.passwords |= {name: new_password() for name in names}
        write_password_file(
            self.broker.password_file, [(name, password_hash(password)) for name, password in self.passwords.items()]
        )
        self.broker.reload()

    @contextmanager
    def load(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the fleet in a process of its own until SIGTERM."""
        passwords = self.folder / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps(self.passwords))
        files = ["--passwords", str(passwords), "--ledger", str(self.ledger), "--mqtt-url", self.broker.url]
        command = [sys.executable, "-m", "device_sims", "fleet", *_options(self.plan), *files]
        log = (self.folder / "fleet.log").open("wb")
        with log, subprocess.Popen(command, stdout=log, stderr=log) as fleet:
            try:
                yield fleet
            finally:
                fleet.send_signal(signal.SIGTERM)


def fleet_plan(seed: int, per_s: float) -> FleetPlan:
    """Return a fleet of three hundred devices of three kinds, with this many messages per second in all."""
    every_us = round(1e6 * 3 * DEVICES_OF_A_KIND / per_s)
    parts = tuple(FleetPart(kind, DEVICES_OF_A_KIND, every_us) for kind in Kind)
    return FleetPlan(seed, datetime.now(UTC).replace(microsecond=0), parts, FAULTS)


@contextmanager
def start_servers(seed: int, per_s: float) -> Iterator[ChaosServers]:
    """Run database and broker with the schema and the fleet's devices. Everything is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rencheng-chaos-"))
    folder.chmod(0o755)  # the servers' own account must be able to enter
    programs = ensure(progress_for_stdout())
    plan = fleet_plan(seed, per_s)
    port = choose_port(seed=f"{folder}", avoid=())
    database = PostgresServer(programs, folder / "postgres", port, password=new_password())
    broker = MosquittoServer(programs, folder / "mosquitto", choose_port(seed=f"{folder}", avoid=[port]))
    try:
        database.initialise()
        database.start()
        migrations.upgrade(database.url("postgres"))
        _register(database.url("postgres"), plan)
        broker.start()
        servers = ChaosServers(folder, database, broker, plan, {})
        servers.add_accounts("rencheng-ingest", *(member.device_id for member in plan.members()))
        yield servers
    finally:
        broker.kill()
        database.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _register(url: str, plan: FleetPlan) -> None:
    engine = open_database(url, name="chaos")
    with engine.begin() as connection:
        for region in plan.regions:
            add_region(connection, region, region, region)
        register(connection, [(Device(m.device_id, m.kind, m.region), None) for m in plan.members()])
    engine.dispose()


def _options(plan: FleetPlan) -> list[str]:
    """Return the plan as options of the fleet's command, without an end."""
    gauges, signals, chargers = (
        next(part for part in plan.parts if part.kind is kind)
        for kind in (Kind.WATERLOGGING, Kind.SIGNAL, Kind.CHARGING)
    )
    options: dict[str, object] = {"--seed": plan.seed, "--seconds": 1e9}
    options |= {"--began-at": f"{plan.began_at:%Y-%m-%dT%H:%M:%S}"}
    options |= {"--gauges": gauges.devices, "--gauge-every-s": gauges.every_us / 1e6}
    options |= {"--signals": signals.devices, "--signal-every-s": signals.every_us / 1e6}
    options |= {"--chargers": chargers.devices, "--charger-every-s": chargers.every_us / 1e6}
    for name in ("duplicate", "late", "bad_json", "wrong_unit", "stuck", "spiking", "skewed"):
        options[f"--{name.replace('_', '-')}"] = getattr(plan.faults, name)
    return [f"{each}" for pair in options.items() for each in pair]
