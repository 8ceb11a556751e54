"""The platform under attack: real servers, the services under compose's memory limits, and a supervisor."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import httpx

from benchmarks.adversary.floods import flood_gauges, flood_sites
from benchmarks.chaos.servers import ChaosServers, start_servers
from benchmarks.load.memory_limit import MemoryLimit
from benchmarks.load.waiting import wait_until
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import HOST, choose_port
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.access.api_keys import KeyScope, create
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import register
from rencheng.store.registry.sites import register_site

ATTACKER = "attacker"
LIMITS_MB: Mapping[str, float] = {"mosquitto": 2048, "ingest": 1024, "alerts": 512, "api": 512}
"""Source: `mem_limit` in docker-compose.yml; a test compares them."""

READY = {"ingest": "connected and subscribed", "alerts": '"can_evaluate": true', "api": '"ready"'}
READY_S = 90.0
LOOK_EVERY_S = 0.1


class RestartableProcess(Protocol):
    """A process that can be started again."""

    @property
    def pid(self) -> int | None: ...  # noqa: D102 - see the class

    @property
    def is_running(self) -> bool: ...  # noqa: D102 - see the class

    def start(self) -> None: ...  # noqa: D102 - see the class


class Supervised:
    """A process under a memory limit that is started again when it ends, as compose does.

    Args:
        name: its name in the report.
        process: the process, which runs.
    """

    def __init__(self, name: str, process: RestartableProcess) -> None:
        self.name = name
        self.restarts = 0
        self._process = process
        self.limit = MemoryLimit(process.pid or 0, LIMITS_MB[name])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start to supervise."""
        self.limit.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop supervising. The process stays as it is."""
        self._stop.set()
        self._thread.join()
        self.limit.__exit__(type_, error, trace)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            if not self._process.is_running:
                self.restarts += 1
                self._process.start()
                self.limit.watch(self._process.pid or 0)


@dataclass(frozen=True, slots=True)
class AttackedPlatform:
    """Everything that runs, its supervised processes, the API's address, and a key for each scope."""

    servers: ChaosServers
    supervised: tuple[Supervised, ...]
    api: tuple[str, int]
    keys: Mapping[str, str]

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port of the broker."""
        return HOST, self.servers.broker.port


@contextmanager
def start_platform(seed: int, per_s: float, floods: int) -> Iterator[AttackedPlatform]:
    """Run servers and services with a fleet's devices, an attacker's, and sites that will flood."""
    with start_servers(seed, per_s) as servers, ExitStack() as started:
        servers.add_accounts("rencheng-alerts", "rencheng-operator", ATTACKER, *flood_gauges(floods))
        keys = _register(servers.database_url, floods)
        port = choose_port(seed=f"{servers.folder}-api", avoid=(servers.broker.port, servers.database.port))
        environment = servers.environment | {
            "RENCHENG_MQTT_ALERTS_PASSWORD": servers.passwords["rencheng-alerts"],
            "RENCHENG_API_PORT": f"{port}",
        }
        processes: dict[str, RestartableProcess] = {"mosquitto": _Broker(servers.broker)}
        for name, ready in READY.items():
            process = ServiceProcess(f"services.{name}", servers.folder / f"{name}.log", environment)
            started.enter_context(process)
            process.wait_for(ready, within_s=READY_S)
            processes[name] = process
        wait_until(lambda: _is_healthy(port), within_s=READY_S)
        supervised = tuple(started.enter_context(Supervised(name, each)) for name, each in processes.items())
        yield AttackedPlatform(servers, supervised, (HOST, port), keys)


class _Broker:
    """The broker as a supervisor sees it."""

    def __init__(self, server: MosquittoServer) -> None:
        self._server = server

    @property
    def pid(self) -> int | None:
        return self._server.pid

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    def start(self) -> None:
        self._server.start()


def _is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/health", timeout=5).status_code == HTTPStatus.OK
    except httpx.HTTPError:
        return False


def _register(url: str, floods: int) -> dict[str, str]:
    """Register the attacker's device and the sites, and create the keys."""
    engine = open_database(url, name="adversary")
    with engine.begin() as connection:
        region = flood_sites(1)[0].region
        names = [ATTACKER, *flood_gauges(floods)]
        register(connection, [(Device(name, Kind.WATERLOGGING, region), None) for name in names])
        for site in flood_sites(floods):
            register_site(connection, site)
        keys = {scope.value: create(connection, f"attacker {scope.value}", [scope]) for scope in KeyScope}
    engine.dispose()
    return keys


def log_files(folder: Path) -> list[Path]:
    """Return the services' logs."""
    return [folder / f"{name}.log" for name in READY]
