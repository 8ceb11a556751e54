"""The benchmark's own servers: a TimescaleDB, and brokers with our settings or another in-flight window."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import migrations
from benchmarks.throughput.fleet import REGION
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs, ensure
from local_stack.progress import progress_for_stdout
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.messaging.mqtt.accounts import new_password, password_hash, write_password_file
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import add_region, register

COMMIT_TIMES = "ALTER SYSTEM SET track_commit_timestamp = on"
"""The server records commit times, so that latency is measured to the commit itself."""


@dataclass
class Servers:
    """The addresses and passwords of the servers."""

    database: PostgresServer
    folder: Path
    programs: Programs
    devices: dict[str, str]
    password: str
    quota_per_minute: int = 10_000_000
    """High, because a hundred devices send what a province sends, and none must count as flooding."""

    @property
    def database_url(self) -> str:
        """The database's address for SQLAlchemy."""
        return self.database.url("postgres")

    @property
    def conninfo(self) -> str:
        """The database's address for psycopg."""
        return self.database_url.replace("+psycopg", "")

    @contextmanager
    def broker(self, extra_config: str = "") -> Iterator[MosquittoServer]:
        """Run a new, empty broker for the time of the context."""
        name = f"mosquitto-{secrets.token_hex(4)}"
        server = MosquittoServer(
            self.programs, self.folder / name, choose_port(seed=name, avoid=()), extra_config=extra_config
        )
        server.start()
        accounts = {"rencheng-ingest": self.password, **self.devices}
        write_password_file(
            server.password_file, [(user, password_hash(password)) for user, password in accounts.items()]
        )
        server.reload()
        try:
            yield server
        finally:
            server.kill()

    def environment(self, broker: MosquittoServer, *, writers: int = 1) -> dict[str, str]:
        """Return the environment of ingest."""
        return os.environ | {
            "RENCHENG_DATABASE_URL": self.database_url,
            "RENCHENG_MQTT_URL": broker.url,
            "RENCHENG_MQTT_INGEST_PASSWORD": self.password,
            "RENCHENG_INGEST_WRITERS": str(writers),
            "RENCHENG_INGEST_QUOTA_PER_MINUTE": str(self.quota_per_minute),
        }


@contextmanager
def start_servers(names: Sequence[str]) -> Iterator[Servers]:
    """Run a database with the schema and these devices. Everything is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rencheng-bench-"))
    folder.chmod(0o755)  # the servers' own account must be able to enter
    programs = ensure(progress_for_stdout())
    database = PostgresServer(
        programs, folder / "postgres", choose_port(seed=folder.name, avoid=()), password=new_password()
    )
    try:
        database.initialise()
        database.start()
        database.run_sql(COMMIT_TIMES)
        database.stop()
        database.start()
        migrations.upgrade(database.url("postgres"))
        _register(database.url("postgres"), names)
        yield Servers(database, folder, programs, {name: new_password() for name in names}, new_password())
    finally:
        database.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _register(url: str, names: Sequence[str]) -> None:
    engine = open_database(url, name="bench")
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(Device(name, Kind.WATERLOGGING, REGION), None) for name in names])
    engine.dispose()
