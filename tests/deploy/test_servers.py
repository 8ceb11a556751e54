"""The parts of the containers' own that meet a real broker and a real database."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ProgrammingError

import migrations
from commands.tls.renewal import keep_certificates
from local_stack.mosquitto import SHARED_SETTINGS
from local_stack.ports import choose_port
from local_stack.postgres import SERVICE_ROLES, role_password
from local_stack.programs import Programs
from rencheng.domain.heartbeat import Part
from rencheng.domain.reading import WaterReading
from rencheng.heartbeats import HeartbeatWriter
from rencheng.messaging.mqtt.accounts import new_password, password_hash, write_password_file
from rencheng.store.access.grants import PRIVILEGES, ROLES
from rencheng.store.accounting.counts import record_progress
from rencheng.store.core.database import open_database
from rencheng.store.hypertables.catalog import hypertables, size_bytes
from rencheng.store.readings.merge import ReceivedReading, WriteStatus, create_staging_on_connect, write
from rencheng.store.schema.metadata import metadata
from services.jobs.app import run_once
from services.jobs.catalogue import JOBS
from services.jobs.settings import JobSettings
from tests.support.compose_file import ROOT
from tests.support.polling import eventually
from tests.support.storage import compress_chunks

COMPOSE = ROOT / "deploy" / "compose"
NOT_AUTHORISED = 5


class Container:
    """deploy/compose/mosquitto/run.sh, with folders of the test's own in place of the container's."""

    def __init__(self, programs: Programs, folder: Path, **environment: str) -> None:
        self.port = choose_port(seed="run.sh", avoid=())
        self.passwords = folder / "passwd"
        self._programs = programs
        for name in ("own", "data", "run"):
            (folder / name).mkdir()
        listener = (COMPOSE / "mosquitto" / "listener.conf").read_text()
        for there, here in {
            "listener 1883": f"listener {self.port} 127.0.0.1",
            "/mosquitto/data/": f"{folder}/data/",
            "/accounts/passwd": str(self.passwords),
            "/tmp/acl.conf": f"{folder}/run/acl.conf",  # noqa: S108 - in the container
        }.items():
            assert there in listener
            listener = listener.replace(there, here)
        # started as root, Mosquitto would change to an account that cannot read the test's folder
        (folder / "own" / "listener.conf").write_text(listener + "user root\n")
        path = f"{programs.mosquitto.parent}:{os.environ['PATH']}"
        words: list[str | Path] = [
            "sh",
            COMPOSE / "mosquitto" / "run.sh",
            SHARED_SETTINGS,
            folder / "own",
            folder / "run",
        ]
        self.let_in("first")
        self.process = subprocess.Popen(
            [*words, self.passwords], env=programs.environment | {"PATH": path} | environment, stderr=subprocess.DEVNULL
        )

    def let_in(self, *names: str) -> None:
        write_password_file(self.passwords, [(name, password_hash(name)) for name in names])

    def answer_to(self, *account: str) -> int:
        """Mosquitto's reply to a publisher: 0 accepted, 5 refused, 1 no broker."""
        who = ["-u", account[0], "-P", account[0]] if account else []
        address = ["-V", "mqttv311", "-h", "127.0.0.1", "-p", str(self.port), "-t", "x", "-n"]
        command = [str(self._programs.bin / "mosquitto_pub"), *address, *who]
        return subprocess.run(command, check=False, capture_output=True).returncode


@pytest.fixture
def container(programs: Programs, tmp_path: Path) -> Iterator[Container]:
    container = Container(programs, tmp_path)
    yield container
    container.process.kill()
    container.process.wait()


def test_the_broker_learns_new_accounts_and_ends_in_order(container: Container, tmp_path: Path) -> None:
    eventually(lambda: container.answer_to("first"), 0)
    assert container.answer_to("second") == NOT_AUTHORISED
    assert container.answer_to() == NOT_AUTHORISED  # which the health check takes for life

    container.passwords.with_name("gateways.acl").write_text("user second\ntopic write x\n")
    container.let_in("second")
    eventually(lambda: container.answer_to("second"), 0, within_s=10)
    rules = (tmp_path / "run" / "acl.conf").read_text()
    assert rules.startswith((SHARED_SETTINGS / "acl.conf").read_text())
    assert rules.endswith("user second\ntopic write x\n")
    assert container.answer_to("first") == NOT_AUTHORISED

    container.process.terminate()
    assert container.process.wait(timeout=20) == 0
    assert (tmp_path / "data" / "mosquitto.db").exists()


def test_with_certificates_devices_connect_by_tls(programs: Programs, tmp_path: Path) -> None:
    folder, hosts, now = tmp_path / "tls", ["127.0.0.1"], datetime.now(UTC)
    first, again = keep_certificates(folder, hosts, now), keep_certificates(folder, hosts, now)
    renewed, moved = (
        keep_certificates(folder, hosts, now + timedelta(days=370)),
        keep_certificates(folder, ["127.0.0.1", "localhost"], now),
    )
    ports = [choose_port(seed=f"{tmp_path} {number}", avoid=()) for number in range(2)]
    container = Container(
        programs, tmp_path, RENCHENG_TLS_FOLDER=str(folder), RENCHENG_TLS_PORTS=f"{ports[0]} {ports[1]}"
    )
    eventually(lambda: container.answer_to("first"), 0)
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    with (
        socket.create_connection(("127.0.0.1", ports[0])) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        version = connection.version()
    container.process.terminate()  # which ends the broker too
    container.process.wait(timeout=20)

    assert first == renewed == moved == ["broker", "api"]
    assert again == []
    assert version in {"TLSv1.2", "TLSv1.3"}


def test_a_broker_that_dies_takes_its_container_along(container: Container) -> None:
    eventually(lambda: container.answer_to("first"), 0)
    (broker,) = subprocess.run(
        ["pgrep", "-x", "-P", str(container.process.pid), "mosquitto"], check=True, capture_output=True, text=True
    ).stdout.split()
    os.kill(int(broker), 9)

    assert container.process.wait(timeout=10) != 0


@pytest.fixture
def narrow_roles(programs: Programs, database_server: str) -> Iterator[dict[str, URL]]:
    """A database as the container makes it, with the file run twice: the addresses of owner and services."""
    admin = create_engine(database_server, isolation_level="AUTOCOMMIT")
    url = make_url(database_server).set(database="test_roles")
    # the server has the services' roles already, with passwords that other tests use
    passwords = {service: role_password(url.password or "", service) for service in ROLES} | {"owner": new_password()}
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE test_roles"))
    environment = {f"RENCHENG_DATABASE_{name.upper()}_PASSWORD": password for name, password in passwords.items()}
    environment["RENCHENG_OWNER_PASSWORD"] = passwords["owner"]
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    for _ in range(2):
        subprocess.run(
            [str(programs.psql), "-X", "-v", "ON_ERROR_STOP=1", "-f", COMPOSE / "database" / "100-roles.sql", address],
            env=programs.environment | environment,
            check=True,
            capture_output=True,
        )
    yield {name: url.set(username=f"rencheng_{name}", password=password) for name, password in passwords.items()}
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE test_roles WITH (FORCE)"))
        connection.execute(text("DROP ROLE rencheng_owner"))
    admin.dispose()


FORBIDDEN = {
    "ingest": (
        "INSERT INTO api_keys (key_id, secret_hash, name, scopes) VALUES ('a', 'b', 'c', '{admin}')",
        "SELECT * FROM api_keys",
        "SELECT mqtt_password_hash FROM devices",
        "UPDATE devices SET retired_at = now()",
        "UPDATE sites SET profile = '{}'",
        "INSERT INTO silences (world) VALUES ('actual')",
        "SELECT * FROM audit",
        "UPDATE warnings SET closed_at = now()",
        "DELETE FROM waterlogging_readings",
    ),
    "alerts": (
        "SELECT * FROM api_keys",
        "INSERT INTO devices (device_id) VALUES ('x')",
        "UPDATE sites SET profile = '{}'",
        "INSERT INTO waterlogging_readings (device_id) VALUES ('x')",
        "DELETE FROM warnings",
        "CREATE TEMPORARY TABLE x (a int)",
    ),
    "api": ("DELETE FROM api_keys", "DELETE FROM warnings", "UPDATE warnings SET level = 0", "DELETE FROM sites"),
    "response": (
        "SELECT * FROM api_keys",
        "SELECT * FROM audit",
        "SELECT name FROM people",
        "SELECT * FROM acknowledgements",
        "UPDATE subscribers SET active = false",
        "UPDATE warnings SET level = 0",
        "INSERT INTO contact_secrets (method_id, version, secret) VALUES (1, 1, '')",
        "SELECT mqtt_password_hash FROM devices",
    ),
    "reader": (
        "SELECT * FROM api_keys",
        "SELECT * FROM contact_methods",
        "SELECT name FROM people",
        "SELECT mqtt_password_hash FROM devices",
        "SELECT content FROM dispatches",
        "SELECT payload FROM quarantine",
        "SELECT * FROM audit",
        "UPDATE warnings SET level = 0",
        "INSERT INTO silences (world) VALUES ('actual')",
        "CREATE TEMPORARY TABLE x (a int)",
    ),
    "accounts": ("SELECT * FROM api_keys", "UPDATE devices SET retired_at = now()", "SELECT * FROM audit"),
}
FORBIDDEN_TO_ALL = (
    "UPDATE audit SET actor = 'x'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "DROP TABLE quarantine",
    "CREATE TABLE x (a int)",
    "CREATE ROLE x",
    "TRUNCATE ingest_counts",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
)


def test_each_service_is_refused_what_it_does_not_need(narrow_roles: dict[str, URL]) -> None:
    migrations.upgrade(narrow_roles["owner"].render_as_string(hide_password=False))
    for service in ROLES:
        engine = create_engine(narrow_roles[service])
        for forbidden in (*FORBIDDEN[service], *FORBIDDEN_TO_ALL):
            with (
                engine.connect() as connection,
                pytest.raises(ProgrammingError, match=r"must be owner|permission denied"),
            ):
                connection.execute(text(forbidden))
        engine.dispose()


def healthy(part: Part, url: URL) -> str:
    """What the health check of a container says; empty if it is well."""
    command = [sys.executable, str(COMPOSE / "healthy.py"), part.value]
    environment = {"RENCHENG_DATABASE_URL": url.render_as_string(hide_password=False), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (ended.returncode == 0) is (not ended.stderr), ended.stderr
    return ended.stderr


@pytest.mark.slow
def test_each_container_judges_its_own_part_with_the_role_of_its_service(narrow_roles: dict[str, URL]) -> None:
    migrations.upgrade(narrow_roles["owner"].render_as_string(hide_password=False))
    engine, now = create_engine(narrow_roles["ingest"]), datetime.now(UTC)
    for part in (Part.INGEST, Part.ALERTS, Part.RESPONSE, Part.ACCOUNTS, Part.JOBS):
        url = narrow_roles["owner" if part is Part.JOBS else part.value]
        before = healthy(part, url)
        assert before.startswith("not healthy: ")
        assert "Traceback" not in before
        if part is Part.INGEST:
            with engine.begin() as connection:
                record_progress(connection, "rencheng-ingest-0", started_at=now, committed_through=now, rows=False)
        with HeartbeatWriter(url.render_as_string(hide_password=False), part):
            eventually(lambda part=part, url=url: healthy(part, url), "", within_s=10)  # type: ignore[misc]
    engine.dispose()


def test_every_table_is_closed_or_granted_by_name(narrow_roles: dict[str, URL]) -> None:
    """The tests of each service run as its role, so that a privilege that is missing here is seen there."""
    assert {table for tables in PRIVILEGES.values() for table in tables} <= set(metadata.tables)
    assert tuple(PRIVILEGES) == ROLES == SERVICE_ROLES
    assert set(narrow_roles) == {*ROLES, "owner"}


def test_the_jobs_work_as_the_owner_and_the_services_read_what_they_made(narrow_roles: dict[str, URL]) -> None:
    urls = {name: url.render_as_string(hide_password=False) for name, url in narrow_roles.items()}
    migrations.upgrade(urls["owner"])
    ingest, api, owner = (open_database(urls[name], name="test roles") for name in ("ingest", "api", "owner"))
    create_staging_on_connect(ingest)
    old = datetime.now(UTC) - timedelta(days=20)
    readings = [WaterReading("G1", 0, old + timedelta(minutes=n), depth_mm=float(n)) for n in range(90)]
    with ingest.begin() as connection:
        write(connection, [ReceivedReading(reading, old) for reading in readings[:80]])
    settings = JobSettings(database_url=urls["owner"])
    jobs = [job for job in JOBS if job.name.startswith("storage.")]
    assert run_once(owner, jobs, settings, wait_s=0) is True
    compress_chunks(owner)
    with ingest.begin() as connection:  # among columns, which the services do not own
        fates = write(connection, [ReceivedReading(reading, old) for reading in readings])
    assert fates == [WriteStatus.DUPLICATE] * 80 + [WriteStatus.STORED] * 10
    assert run_once(owner, jobs, settings, wait_s=0) is True
    with api.connect() as connection:
        assert connection.execute(text("SELECT sum(count) FROM waterlogging_1h")).scalar_one() == 90
        assert sum(size_bytes(connection, table) for table in hypertables(connection)) > 0
    for engine in (ingest, api, owner):
        engine.dispose()
