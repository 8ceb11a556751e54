"""Real servers for every test: one TimescaleDB, a fresh database a module; one broker with this session's accounts."""

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

import migrations
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs, ensure
from local_stack.progress import progress_for_stdout
from rencheng.messaging.mqtt.accounts import new_password, password_hash, write_password_file

# How long an example takes says nothing here: other work shares the machine. CI tries the same examples each time, so
# that a change is judged by what it changed; everywhere else new ones are tried.
settings.register_profile("everywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")

STARTED_S = time.monotonic()

SERVICES = ("ingest", "alerts", "operator", "response")


SERVER_FIXTURES = {"database_server": "database", "broker": "broker", "programs": "servers", "shell": "servers"}
"""Fixtures that start a server, and the marker of every test that asks for one, itself or through another fixture."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers that it needs, and put files with slow tests first.

    `make test` distributes whole files, so a file with slow tests must not be the last to start.
    """
    for item in items:
        needed = [name for name in SERVER_FIXTURES if name in getattr(item, "fixturenames", ())]
        for name in needed:
            item.add_marker(SERVER_FIXTURES[name])
        if not needed and not item.get_closest_marker("slow"):
            item.add_marker("pure")
    with_slow_tests = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in with_slow_tests)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that takes longer than RENCHENG_TEST_BUDGET_S seconds, so that the tests stay quick."""
    budget_s = float(os.environ.get("RENCHENG_TEST_BUDGET_S", "inf"))
    took_s = time.monotonic() - STARTED_S
    if took_s > budget_s and exitstatus == 0 and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\nthe tests took {took_s:.0f} s, {budget_s:.0f} s are allowed: make the slowest quicker\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def programs() -> Programs:
    """PostgreSQL, TimescaleDB and Mosquitto, downloaded once a machine."""
    return ensure(progress_for_stdout())


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that the servers' own account can enter, also when the tests run as root.

    Not pytest's own: each session of pytest closes the way to those of all others.
    """
    folder = Path(tempfile.mkdtemp(prefix="rencheng-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a TimescaleDB server: RENCHENG_DATABASE_URL if it is set, else one of this session's own."""
    if url := os.environ.get("RENCHENG_DATABASE_URL"):
        yield url
        return
    programs = request.getfixturevalue("programs")
    server = PostgresServer(
        programs, server_folder / "postgres", choose_port(seed=secrets.token_hex(4), avoid=()), password=new_password()
    )
    server.initialise()
    server.start()
    yield server.url("postgres")
    server.stop("immediate")


@pytest.fixture(scope="module")
def database_url(database_server: str) -> Iterator[str]:
    """A fresh, migrated database for the tests of one module."""
    name = f"test_{secrets.token_hex(6)}"
    admin = create_engine(database_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = make_url(database_server).set(database=name).render_as_string(hide_password=False)
    migrations.upgrade(url)
    yield url
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@dataclass
class Broker:
    """A broker of the tests' own, and the accounts on it."""

    server: MosquittoServer
    passwords: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.server.port

    def add_accounts(self, *names: str) -> None:
        """Let devices log in, by a new password each."""
        self.passwords |= {name: new_password() for name in names if name not in self.passwords}
        hashes = [(name, password_hash(password)) for name, password in self.passwords.items()]
        write_password_file(self.server.password_file, hashes)
        self.server.reload()

    def account(self, service: str) -> tuple[str, str]:
        return f"rencheng-{service}", self.passwords[f"rencheng-{service}"]

    def environment(self, database_url: str) -> dict[str, str]:
        """What a service needs to be told to run on these servers."""
        secrets_ = {f"RENCHENG_MQTT_{name.upper()}_PASSWORD": self.passwords[f"rencheng-{name}"] for name in SERVICES}
        return os.environ | secrets_ | {"RENCHENG_DATABASE_URL": database_url, "RENCHENG_MQTT_URL": self.url}


@pytest.fixture
def broker(programs: Programs, server_folder: Path) -> Iterator[Broker]:
    """A broker for one test, without memory of any other."""
    server = MosquittoServer(
        programs, server_folder / f"mosquitto-{secrets.token_hex(4)}", choose_port(seed=secrets.token_hex(4), avoid=())
    )
    server.start()
    broker = Broker(server, {})
    broker.add_accounts(*(f"rencheng-{name}" for name in SERVICES))
    yield broker
    server.kill()
