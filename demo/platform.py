"""Ingest, alerts, response and API for the time of the demo, each with its log."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.ports import choose_port
from rencheng.domain.errors import NotPossible
from rencheng.runtime.service_process import ServiceProcess, stop_all

READY = {
    "ingest": '"connected": true',
    "alerts": '"can_evaluate": true',
    "response": '"event": "ready"',
    "api": '"event": "ready"',
}
"""By service, what its log has once it is ready."""


@dataclass(frozen=True)
class Platform:
    """The running services."""

    services: tuple[ServiceProcess, ...]
    api_url: str
    metrics_url: str

    def check_alive(self) -> None:
        """Check that all services run.

        Raises:
            NotPossible: a service ended.
        """
        for service in self.services:
            if not service.is_running:
                raise NotPossible(
                    f"{service.module} ended with status {service.exit_status}. The end of {service.log}:\n"
                    f"{service.last_lines()}"
                )


@contextmanager
def running(logs: Path, settings: Mapping[str, str] | None = None) -> Iterator[Platform]:
    """Start the services, wait until they are ready, and stop them at the end.

    Args:
        logs: the folder of their logs.
        settings: further environment variables.

    Raises:
        ServiceNotReady: a service did not start.
    """
    logs.mkdir(parents=True, exist_ok=True)
    api_port = choose_port(seed=f"api {logs}", avoid=())
    metrics_port = choose_port(seed=f"metrics {logs}", avoid=(api_port,))
    api_url = f"http://127.0.0.1:{api_port}"
    environment = os.environ | {
        "RENCHENG_API_PORT": str(api_port),
        "RENCHENG_PUBLIC_URL": api_url,
        "RENCHENG_INGEST_METRICS_PORT": str(metrics_port),
        # simulated people get their messages on loopback
        "RENCHENG_RESPONSE_HTTP": "true",
        "RENCHENG_RESPONSE_NETWORKS": "127.0.0.0/8",
        **(settings or {}),
    }
    # sessions of their own: Ctrl-C ends the demo, which then stops its services in order
    services = tuple(
        ServiceProcess(f"services.{name}", _new_log(logs, name), environment, own_session=True) for name in READY
    )
    try:
        for service in services:
            service.start()
        for service, text in zip(services, READY.values(), strict=True):
            service.wait_for(text)
        yield Platform(services, api_url, f"http://127.0.0.1:{metrics_port}/metrics")
    finally:
        stop_all(services)


def _new_log(folder: Path, name: str) -> Path:
    log = folder / f"{name}.log"
    log.unlink(missing_ok=True)
    return log
