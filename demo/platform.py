"""The platform's processes for the time of the demo, each with its log."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.ports import choose_port
from rencheng.domain.errors import NotPossible

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Service:
    """One process, and where it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def await_line(self, text: str) -> None:
        """Wait until its log says something.

        Raises:
            NotPossible: it ended, or did not say it in time.
        """
        until = time.monotonic() + READY_TIMEOUT_S
        while text not in self.log.read_text(encoding="utf-8", errors="replace"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise NotPossible(f"{self.name} did not come up. The end of {self.log}:\n{self.last_lines()}")
            time.sleep(0.05)

    def last_lines(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])


@dataclass(frozen=True)
class Platform:
    """Ingest, alerts and API, running."""

    services: tuple[Service, ...]
    api_url: str
    metrics_url: str

    def check_alive(self) -> None:
        """See that nobody has died.

        Raises:
            NotPossible: a service ended.
        """
        for service in self.services:
            if service.process.poll() is not None:
                raise NotPossible(
                    f"{service.name} ended with status {service.process.returncode}. The end of {service.log}:\n"
                    f"{service.last_lines()}"
                )


@contextmanager
def running(logs: Path) -> Iterator[Platform]:
    """Start the platform, wait until it listens, and stop it at the end."""
    logs.mkdir(parents=True, exist_ok=True)
    api_port = choose_port(seed="api", avoid=())
    metrics_port = choose_port(seed="metrics", avoid=(api_port,))
    api_url = f"http://127.0.0.1:{api_port}"
    environment = os.environ | {
        "RENCHENG_API_PORT": str(api_port),
        "RENCHENG_PUBLIC_URL": api_url,
        "RENCHENG_INGEST_METRICS_PORT": str(metrics_port),
    }
    services: list[Service] = []
    try:
        services.extend(_start(name, environment, logs) for name in ("ingest", "alerts", "api"))
        ingest, alerts, api = services
        ingest.await_line('"connected": true')
        alerts.await_line('"can_evaluate": true')
        api.await_line('"event": "ready"')
        yield Platform(tuple(services), api_url, f"http://127.0.0.1:{metrics_port}/metrics")
    finally:
        for service in services:
            service.process.terminate()
        for service in services:
            _await_end(service)


def _start(name: str, environment: Mapping[str, str], logs: Path) -> Service:
    log = logs / f"{name}.log"
    with log.open("wb") as file:
        # a group of its own: Ctrl-C is for the demo, which then stops its services in order
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{name}"],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Service(name, process, log)


def _await_end(service: Service) -> None:
    try:
        service.process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        service.process.kill()
        service.process.wait()
