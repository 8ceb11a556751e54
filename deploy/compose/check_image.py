#!/usr/bin/env python3
"""Run the services' image against a database and a broker of the local stack. `check-image` calls it.

One message goes in by MQTT and is read back through the API, from containers that may write nowhere but /tmp.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

from device_sims.client import BrokerAddress, DeviceClient, SimulatedDevice
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import ensure
from local_stack.progress import progress_for_stdout
from rencheng.devices.registration import register_devices, write_account_file
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.access.api_keys import KeyScope, create
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import add_region

HARDENED = (
    *("--network", "host", "--read-only", "--user", "10001:10001", "--cap-drop", "ALL"),
    *("--tmpfs", "/tmp:size=64m"),  # noqa: S108 - in the container
    *("--security-opt", "no-new-privileges:true", "--memory", "512m", "--pids-limit", "100"),
)
SERVICES = ("ingest", "alerts", "api")
GAUGE = Device("gauge-7", Kind.WATERLOGGING, "370102")
DEPTH_MM = 123.0
TIMEOUT_S = 60.0


@contextmanager
def servers(folder: Path) -> Iterator[tuple[PostgresServer, MosquittoServer]]:
    """Run a database and a broker for this check."""
    folder.chmod(0o755)  # the servers' own account must be able to enter
    programs = ensure(progress_for_stdout())
    postgres_port = choose_port(seed="check-postgres", avoid=())
    mosquitto_port = choose_port(seed="check-mosquitto", avoid=(postgres_port,))
    database = PostgresServer(programs, folder / "postgres", postgres_port, new_password())
    broker = MosquittoServer(programs, folder / "mosquitto", mosquitto_port)
    database.initialise()
    database.start()
    broker.start()
    try:
        database.create_database("rencheng")
        yield database, broker
    finally:
        broker.kill()
        database.stop("immediate")


def docker(*words: str, check: bool = True) -> str:
    """Run a docker command. Return its output."""
    ended = subprocess.run(["docker", *words], check=False, capture_output=True, text=True)
    if check and ended.returncode != 0:
        sys.exit(f"docker {' '.join(words[:2])} failed: {ended.stderr.strip()}{ended.stdout.strip()}")
    return (ended.stdout + ended.stderr).strip()


def run(image: str, name: str, environment: dict[str, str], *command: str) -> None:
    """Start a service and wait until it is healthy."""
    docker("rm", "--force", name, check=False)
    pairs = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
    docker("run", "--detach", "--name", name, *HARDENED, *pairs, image, *command)
    until = time.monotonic() + TIMEOUT_S
    service = name.rpartition("-")[2]
    while docker("exec", name, "python", "deploy/compose/healthy.py", service, check=False):
        if time.monotonic() > until:
            sys.exit(f"{name} is not healthy:\n{docker('logs', name)}")
        time.sleep(0.5)
    rights = docker("exec", name, "sh", "-c", "grep CapEff /proc/1/status; id -u; touch /app/x", check=False)
    if "Read-only file system" not in rights or "0000000000000000" not in rights or "\n10001\n" not in rights:
        sys.exit(f"{name} has more rights than it should: {rights}")
    _say(f"{name} is healthy: user 10001, no capabilities, read-only")


def publish(broker: MosquittoServer, password: str, at: datetime) -> None:
    """Publish one reading as the gauge."""
    simulated = SimulatedDevice(GAUGE.device_id, GAUGE.kind, GAUGE.region, password)
    client = DeviceClient(simulated, BrokerAddress("127.0.0.1", broker.port))
    client.start()
    client.await_connected(timeout_s=TIMEOUT_S)
    client.publish([WaterReading(GAUGE.device_id, 0, at, depth_mm=DEPTH_MM)])
    client.await_acknowledged(timeout_s=TIMEOUT_S)
    client.stop()


def read_back(port: int, token: str) -> float | None:
    """Return the gauge's latest depth from the API."""
    url = f"http://127.0.0.1:{port}/v1/devices/{GAUGE.device_id}/latest"
    with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=10) as answer:
        items = json.load(answer)["items"]
    return float(items[0]["depth_mm"]) if items else None


def register_gauge(database: PostgresServer, broker: MosquittoServer, accounts: BrokerAccounts) -> tuple[str, str]:
    """Register the gauge and create an API key. Return its password and the token."""
    engine = open_database(database.url(), name="check-image")
    with engine.begin() as connection:
        add_region(connection, GAUGE.region, "历下区", "Lixia")
        token = create(connection, "check", [KeyScope.TELEMETRY_READ])
    password = register_devices(engine, [GAUGE])[GAUGE.device_id]
    write_account_file(engine, accounts)
    broker.reload()
    engine.dispose()
    return password, token


def main() -> None:
    """Send one reading through the containers."""
    image, folder = sys.argv[1], Path(sys.argv[2])
    with servers(folder) as (database, broker):
        passwords = {f"mqtt_{name}_password": new_password() for name in ("ingest", "alerts", "operator")}
        port = choose_port(seed="check-api", avoid=(database.port, broker.port))
        environment = {f"RENCHENG_{name.upper()}": value for name, value in passwords.items()}
        environment |= {"RENCHENG_DATABASE_URL": database.url(), "RENCHENG_MQTT_URL": broker.url}
        environment |= {"RENCHENG_API_PORT": str(port)}
        database_only = ("--env", f"RENCHENG_DATABASE_URL={database.url()}")
        _say(docker("run", "--rm", *HARDENED, *database_only, image, "python", "-m", "migrations").splitlines()[-1])
        accounts = BrokerAccounts.model_validate(passwords | {"mqtt_password_file": broker.password_file})
        password, token = register_gauge(database, broker, accounts)
        try:
            for service in SERVICES:
                run(image, f"rencheng-check-{service}", environment, "python", "-m", f"services.{service}")
            publish(broker, password, datetime.now(UTC))
            until = time.monotonic() + TIMEOUT_S
            while (depth_mm := read_back(port, token)) != DEPTH_MM and time.monotonic() < until:
                time.sleep(0.1)
            _say(f"published {DEPTH_MM} mm by MQTT, read {depth_mm} mm through the API")
            _stop()
        finally:
            for service in SERVICES:
                docker("rm", "--force", f"rencheng-check-{service}", check=False)
    sys.exit(0 if depth_mm == DEPTH_MM else 1)


def _stop() -> None:
    names = [f"rencheng-check-{service}" for service in SERVICES]
    docker("stop", *names)
    statuses = docker("inspect", "--format", "{{.State.ExitCode}}", *names).split()
    _say(f"stopped by SIGTERM, exit statuses {', '.join(statuses)}")
    if any(status != "0" for status in statuses):
        sys.exit("a service did not stop cleanly")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
