"""docker-compose.yml says what the services, the design and make-env expect. Runs without Docker."""

import json
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local_stack.mosquitto import SHARED_SETTINGS
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings, DatabaseSettings, Settings
from services.alerts.settings import AlertSettings
from services.api.settings import ApiSettings
from services.ingest.settings import IngestSettings
from services.jobs.settings import JobSettings
from services.response.settings import ResponseSettings
from tests.support.compose_file import ROOT, read, variables

COMPOSE = read()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

SETTINGS: dict[str, list[type[Settings]]] = {
    "migrate": [DatabaseSettings],
    "accounts": [DatabaseSettings, BrokerAccounts, BrokerSettings],
    "admin": [DatabaseSettings, BrokerAccounts, BrokerSettings],
    "ingest-0": [IngestSettings],
    "alerts": [AlertSettings],
    "response": [ResponseSettings],
    "api": [ApiSettings],
    "jobs": [JobSettings],
}
"""What each service reads."""

ENDS_BY_ITSELF = {"migrate", "sims", "admin"}


def make_env(file: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "deploy" / "compose" / "make-env"
    return subprocess.run(["sh", str(script), str(file)], check=False, capture_output=True, text=True)


def written(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("env") / ".env"
    assert make_env(file).returncode == 0
    return file


@pytest.mark.parametrize("service", SETTINGS)
def test_each_service_is_given_every_setting_that_has_no_default(service: str) -> None:
    given = SERVICES[service]["environment"]
    fields = {name: field for block in SETTINGS[service] for name, field in block.model_fields.items()}
    lacking = [name for name, field in fields.items() if field.is_required() and not given.get(_variable(name))]

    assert lacking == []


@pytest.mark.parametrize("service", [name for name in SETTINGS if name != "admin"])
def test_no_service_is_given_a_setting_that_it_does_not_read(service: str) -> None:
    read_by_it = {_variable(name) for block in SETTINGS[service] for name in block.model_fields}

    assert set(SERVICES[service]["environment"]) - read_by_it == set()


def test_every_variable_is_written_by_make_env_or_has_a_default(env_file: Path) -> None:
    env = written(env_file)
    lacking = [name for name, default in variables(COMPOSE).items() if default is None and name not in env]

    assert lacking == []


def test_compose_refuses_to_start_with_an_empty_password() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = [name for name in variables(COMPOSE) if name.endswith("PASSWORD")]

    assert secrets
    assert text.count("_PASSWORD:?run deploy/compose/make-env first}") == text.count("_PASSWORD:?")
    assert [name for name in secrets if f"${{{name}}}" in text or f"${{{name}:-" in text] == []


def test_make_env_writes_random_passwords_for_the_owner_alone_and_only_once(env_file: Path, tmp_path: Path) -> None:
    before = env_file.read_text(encoding="utf-8")
    passwords = [value for name, value in written(env_file).items() if name.endswith("PASSWORD")]
    again = make_env(env_file)
    make_env(tmp_path / "other")

    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(set(passwords)) == len(passwords) == 12
    assert all(len(password) == 32 for password in passwords)
    assert set(passwords).isdisjoint(written(tmp_path / "other").values())
    assert again.returncode == 1
    assert "stays as it is" in again.stderr
    assert env_file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_is_without_root_rights_and_writes_only_where_it_must(service: str) -> None:
    spec = SERVICES[service]

    assert spec["read_only"] == "true"
    assert spec["cap_drop"] == ["ALL"]
    assert spec["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp:") for mount in spec["tmpfs"])  # noqa: S108 - in the container
    assert spec["mem_limit"]
    assert spec["pids_limit"]
    assert spec["logging"]["options"]["max-size"]
    assert spec["restart"] == ("no" if service in ENDS_BY_ITSELF else "unless-stopped")
    assert ("healthcheck" in spec) == (service not in ENDS_BY_ITSELF)


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert "STOPSIGNAL SIGTERM" in lines


def test_only_api_and_broker_have_ports_and_only_on_this_machine() -> None:
    ports = {name: spec["ports"] for name, spec in SERVICES.items() if "ports" in spec}
    defaults = [variables(port) for (port,) in ports.values()]

    assert set(ports) == {"api", "mosquitto"}
    assert all(str(address).startswith("127.0.0.1:") for default in defaults for address in default.values())
    assert COMPOSE["networks"]["backend"] == {"internal": "true"}
    assert {name for name, spec in SERVICES.items() if "edge" in spec["networks"]} == {"api", "mosquitto", "response"}


def test_one_process_receives_and_as_many_write_as_are_asked_for() -> None:
    receivers = {name: spec["environment"] for name, spec in SERVICES.items() if "ingest-" in name}

    assert [given["RENCHENG_INGEST_RECEIVER"] for given in receivers.values()] == ["0"]
    assert "RENCHENG_INGEST_WRITERS" in receivers["ingest-0"]
    assert "RENCHENG_INGEST_SHARED" not in receivers["ingest-0"]


def test_the_broker_has_the_local_stacks_settings() -> None:
    mounts = dict(mount.removesuffix(":ro").split(":") for mount in SERVICES["mosquitto"]["volumes"])
    shared = next(source for source, target in mounts.items() if target == SERVICES["mosquitto"]["command"][0])

    assert (ROOT / shared).resolve() == SHARED_SETTINGS
    assert all((ROOT / source).exists() for source in mounts if source.startswith("."))


def test_what_is_waited_for_can_be_waited_for() -> None:
    waits = [(before, how["condition"]) for spec in SERVICES.values() for before, how in _waits(spec).items()]

    assert all("healthcheck" in SERVICES[before] for before, how in waits if how == "service_healthy")
    assert {before for before, how in waits if how == "service_completed_successfully"} == {"migrate"}


def test_docker_reads_the_same(env_file: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode:
        pytest.skip("no `docker compose` here")
    command = [docker, "compose", "--env-file", str(env_file), "--profile", "*", "config", "--no-interpolate"]
    ended = subprocess.run([*command, "--format", "json"], check=True, capture_output=True, text=True, cwd=ROOT)
    theirs = json.loads(ended.stdout)["services"]

    assert set(theirs) == set(SERVICES)
    for name, spec in SERVICES.items():
        assert set(theirs[name]["environment"]) == set(spec["environment"])
        assert set(theirs[name]["networks"]) == set(spec["networks"])
        assert theirs[name]["read_only"] is True
        assert theirs[name].get("command") == spec.get("command")
        assert set(theirs[name].get("depends_on", {})) == set(_waits(spec))


def _variable(name: str) -> str:
    return f"RENCHENG_{name.upper()}"


def _waits(spec: dict[str, Any]) -> dict[str, Any]:
    return dict(spec.get("depends_on", {}))
