"""Services of the platform as real processes."""

from collections.abc import Mapping
from pathlib import Path

from rencheng.runtime.service_process import READY_TIMEOUT_S, ServiceProcess
from tests.support.roles import for_module


class SubscribingService(ServiceProcess):
    """A service that is ready once it has subscribed on the broker."""

    def __init__(self, name: str, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(f"services.{name}", log, for_module(environment, f"services.{name}"))

    def start(self, *, until: str | None = "connected and subscribed", within_s: float = READY_TIMEOUT_S) -> None:
        """Start, and wait for the subscription."""
        super().start(until=until, within_s=within_s)
