"""Servers of the benchmark's own: a TimescaleDB, and brokers with our settings or another in-flight window."""

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
"""So that latency is measured to the commit itself, as the server knows it."""


@dataclass
class Servers:
    """Where everything is, and by what passwords."""

    database: PostgresServer
    folder: Path
    programs: Programs
    devices: dict[str, str]
    password: str
    quota_per_minute: int = 10_000_000
    """A hundred devices stand for a province: none of them is to be taken for one that floods."""

    @property
    def database_url(self) -> str:
        """For SQLAlchemy."""
        return self.database.url("postgres")

    @property
    def conninfo(self) -> str:
        """For psycopg."""
        return self.database_url.replace("+psycopg", "")

    @contextmanager
    def broker(self, extra_config: str = "") -> Iterator[MosquittoServer]:
        """A broker without memory of any other."""
        name = f"mosquitto-{secrets.token_hex(4)}"
        server = MosquittoServer(
            self.programs, self.folder / name, choose_port(seed=name, avoid=()), extra_config=extra_config
        )
        server.start()
        accounts = {"rencheng-ingest": self.password, **self.devices}
        write_password_file(server.password_file, [(user, password_hash(word)) for user, word in accounts.items()])
        server.reload()
        try:
            yield server
        finally:
            server.kill()

    def environment(self, broker: MosquittoServer, *, slots: int = 1) -> dict[str, str]:
        """What ingest needs to be told."""
        return os.environ | {
            "RENCHENG_DATABASE_URL": self.database_url,
            "RENCHENG_MQTT_URL": broker.url,
            "RENCHENG_MQTT_INGEST_PASSWORD": self.password,
            "RENCHENG_INGEST_WRITERS": str(slots),
            "RENCHENG_INGEST_QUOTA_PER_MINUTE": str(self.quota_per_minute),
        }


@contextmanager
def servers(names: Sequence[str]) -> Iterator[Servers]:
    """A database with the schema and these devices, and what brokers need; all of it gone afterwards."""
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
