"""The API as a process of its own."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from local_stack.ports import choose_port
from tests.support.api import await_health


def test_it_stops_when_asked_and_says_that_all_is_well(database_url: str, tmp_path: Path) -> None:
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    metrics_port = choose_port(seed=secrets.token_hex(4), avoid=(port,))
    settings = {
        "RENCHENG_DATABASE_URL": database_url,
        "RENCHENG_API_PORT": str(port),
        "RENCHENG_API_METRICS_PORT": str(metrics_port),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "services.api"], env=os.environ | settings, stderr=log)
    try:
        assert await_health(port)["database"] == "reachable"
        metrics = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").text
        assert (
            'rencheng_api_requests_total{method="GET",route="/health",status="503"}' in metrics
        )  # ingest does not run
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
    log_text = (tmp_path / "log").read_text()
    assert '"event": "ready"' in log_text
    assert "Traceback" not in log_text


def test_without_settings_it_says_what_is_missing(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RENCHENG_")}
    environment |= {"PYTHONPATH": str(Path.cwd()), "RENCHENG_CHECKOUT": str(tmp_path)}
    command = [sys.executable, "-m", "services.api"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "RENCHENG_DATABASE_URL" in ended.stderr
    assert "make up" in ended.stderr
    assert "Traceback" not in ended.stderr
