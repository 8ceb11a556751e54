import shutil
import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local_stack import stack
from local_stack.cli import app
from local_stack.endpoints import Endpoints, read_stack_env
from local_stack.paths import paths_of
from local_stack.progress import SilentProgress


def states(checkout: Path) -> list[str]:
    return [server.state for server in stack.status(checkout)]


def test_up_status_down(checkout: Path) -> None:
    assert states(checkout) == ["not created yet", "not created yet"]
    endpoints = stack.up(checkout, SilentProgress())
    assert states(checkout) == ["running", "running"]
    env_file = checkout / ".rencheng" / "stack.env"
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert read_stack_env(paths_of(checkout)) == endpoints.environment
    stack.down(checkout)
    assert states(checkout) == ["stopped", "stopped"]


def test_up_again_is_quick_and_changes_nothing(checkout: Path, endpoints: Endpoints) -> None:
    before = stack.status(checkout)
    began = time.monotonic()
    assert stack.up(checkout, SilentProgress()) == endpoints
    assert time.monotonic() - began < 1
    assert stack.status(checkout) == before


def test_ports_stay_after_down_and_change_when_taken(checkout: Path, endpoints: Endpoints) -> None:
    stack.down(checkout)
    assert stack.up(checkout, SilentProgress()) == endpoints
    stack.down(checkout)
    port = int(endpoints.mqtt_url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        again = stack.up(checkout, SilentProgress())
    assert again.mqtt_url != endpoints.mqtt_url
    assert again.database_url == endpoints.database_url
    assert states(checkout) == ["running", "running"]


def test_two_checkouts_do_not_meet(checkout: Path, endpoints: Endpoints, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    try:
        others = stack.up(other, SilentProgress())
        assert len({endpoints.database_url, others.database_url, endpoints.mqtt_url, others.mqtt_url}) == 4
        stack.down(other)
        assert states(other) == ["stopped", "stopped"]
        assert states(checkout) == ["running", "running"]
    finally:
        stack.reset(other)


def test_servers_of_others_are_used_and_none_started(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", "postgresql+psycopg://me@db.example.org/rencheng")
    monkeypatch.setenv("RENCHENG_MQTT_URL", "mqtt://broker.example.org:1883")
    shown = CliRunner().invoke(app, ["up", "--checkout", str(checkout)])
    assert shown.exit_code == 0
    assert "starting none" in shown.output
    assert states(checkout) == ["external", "external"]
    assert not paths_of(checkout).folder.exists()


def test_with_one_server_of_others_only_the_other_is_started(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", "postgresql+psycopg://me@db.example.org/rencheng")
    endpoints = stack.up(checkout, SilentProgress())
    assert endpoints.database_url.endswith("db.example.org/rencheng")
    assert states(checkout) == ["external", "running"]
    assert "RENCHENG_DATABASE_URL" not in read_stack_env(paths_of(checkout))


def test_our_own_endpoints_in_the_environment_are_still_ours(
    checkout: Path, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in endpoints.environment.items():
        monkeypatch.setenv(name, value)
    stack.down(checkout)
    assert stack.up(checkout, SilentProgress()) == endpoints
    assert states(checkout) == ["running", "running"]


def test_the_command_line(checkout: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, [*words, "--checkout", str(checkout)])
        return shown.exit_code, shown.output

    assert run("status")[0] == 3
    code, output = run("up")
    assert code == 0
    password = read_stack_env(paths_of(checkout))["RENCHENG_DATABASE_URL"].split(":")[2].split("@")[0]
    assert password not in output
    assert run("status")[0] == 0
    assert "postgres: " in run("logs")[1]
    assert run("reload") == (0, "the broker reloads its accounts\n")
    assert run("reset", "--yes")[0] == 0
    assert not paths_of(checkout).folder.exists()


def test_a_lost_password_is_reported_plainly(checkout: Path, endpoints: Endpoints) -> None:
    del endpoints
    kept = paths_of(checkout).state_file
    stack.down(checkout)
    state = kept.read_text()
    kept.unlink()
    shown = CliRunner().invoke(app, ["up", "--checkout", str(checkout)])
    kept.write_text(state)
    assert shown.exit_code == 1
    assert "rencheng stack reset" in shown.output
    assert "Traceback" not in shown.output


def test_a_broker_whose_files_were_deleted_under_it_is_ended_and_made_again(
    checkout: Path, endpoints: Endpoints
) -> None:
    folder = paths_of(checkout).folder
    shutil.rmtree(folder / "mosquitto")
    assert stack.up(checkout, SilentProgress()).mqtt_url
    assert states(checkout) == ["running", "running"]
