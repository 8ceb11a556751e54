"""A TimescaleDB server of a test's own, to be stopped and killed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import migrations
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.messaging.mqtt.accounts import new_password


@contextmanager
def private_server(programs: Programs, folder: Path) -> Iterator[PostgresServer]:
    """Running, with the schema in its database `postgres`."""
    name = f"postgres-{secrets.token_hex(4)}"
    server = PostgresServer(programs, folder / name, choose_port(seed=name, avoid=()), password=new_password())
    server.initialise()
    server.start()
    migrations.upgrade(server.url("postgres"))
    try:
        yield server
    finally:
        server.kill()
