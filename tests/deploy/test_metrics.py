"""Prometheus reaches the metrics of every container, at the address and port that the compose files name."""

import re
from pathlib import Path

import httpx
import pytest

from local_stack.ports import choose_port
from rencheng.runtime.service_process import ServiceProcess
from tests.conftest import Broker
from tests.support.compose_file import ROOT, read
from tests.support.decisions import KEY
from tests.support.polling import eventually

pytestmark = pytest.mark.long

SERVICES = {"ingest-0": "ingest", "alerts": "alerts", "response": "response", "api": "api", "jobs": "jobs"}
ELSEWHERE = "127.0.0.2"
"""Not the default address, but still this machine."""


@pytest.mark.parametrize("container", SERVICES)
def test_the_metrics_of_a_container_can_be_asked_from_outside(
    container: str, broker: Broker, database_url: str, tmp_path: Path
) -> None:
    name = SERVICES[container]
    given = read()["services"][container]["environment"]
    port = choose_port(seed=f"metrics {name}", avoid=())
    port_setting = f"RENCHENG_{name.upper()}_METRICS_PORT"
    assert given["RENCHENG_METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - in the container
    assert given[port_setting] == "9100"
    settings = {"RENCHENG_METRICS_HOST": ELSEWHERE, port_setting: str(port)}
    settings |= {"RENCHENG_CONTACT_KEYS": KEY}
    settings |= {"RENCHENG_API_PORT": str(choose_port(seed="api", avoid=(port,)))}
    environment = broker.environment(database_url) | settings
    with ServiceProcess(f"services.{name}", tmp_path / "log", environment):
        eventually(
            lambda: f"rencheng_{'job' if name == 'jobs' else name}_" in _metrics(port), expected=True, within_s=30
        )


def test_prometheus_asks_every_container_of_ours_and_only_this_machine_reaches_it() -> None:
    asked = (ROOT / "deploy/compose/prometheus.yml").read_text(encoding="utf-8")
    targets = dict(target.split(":") for target in re.findall(r"[\w-]+:9100", asked))
    assert set(targets) == set(SERVICES)
    prometheus = read(ROOT / "deploy/compose/metrics.yml")["services"]["prometheus"]
    assert prometheus["ports"] == ["${RENCHENG_PUBLISH_PROMETHEUS:-127.0.0.1:9090}:9090"]
    assert "backend" in prometheus["networks"]
    assert prometheus["read_only"] == "true"
    assert prometheus["cap_drop"] == ["ALL"]
    assert prometheus["mem_limit"]


def _metrics(port: int) -> str:
    try:
        return httpx.get(f"http://{ELSEWHERE}:{port}/metrics", timeout=5).text
    except httpx.TransportError:
        return ""
