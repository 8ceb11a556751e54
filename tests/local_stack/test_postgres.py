import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.paths import paths_of
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs


@pytest.fixture
def server(programs: Programs, checkout: Path) -> Iterator[PostgresServer]:
    """A throw-away server in a folder that the unprivileged account can reach, also when the tests run as root."""
    folder = paths_of(checkout).folder
    folder.mkdir(mode=0o755)
    server = PostgresServer(programs, folder / "throw-away", choose_port(seed=str(folder), avoid=()), "secret")
    server.initialise()
    server.start()
    yield server
    server.kill()


def test_timescaledb_works(server: PostgresServer) -> None:
    server.create_database("city")
    server.create_database("city")  # making it again is harmless
    server.run_sql("CREATE EXTENSION timescaledb", database="city")
    server.run_sql("CREATE TABLE r (time timestamptz NOT NULL, depth_mm real)", database="city")
    server.run_sql("SELECT create_hypertable('r', by_range('time'))", database="city")
    server.run_sql("INSERT INTO r VALUES ('2024-07-01 00:00+08', 120)", database="city")
    asked = "SELECT time_bucket('1 day', time, 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai', depth_mm FROM r"
    assert server.run_sql(asked, database="city") == "2024-07-01 00:00:00|120"
    assert server.run_sql("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'", database="city")


def test_settings_that_data_and_tests_rely_on(server: PostgresServer) -> None:
    asked = "SELECT string_agg(name || '=' || setting, ' ') FROM pg_settings WHERE name IN ('fsync', \
'TimeZone', 'listen_addresses', 'unix_socket_directories', 'server_encoding', 'password_encryption')"
    assert set(server.run_sql(asked).split()) == {
        "TimeZone=UTC",
        "fsync=on",
        "listen_addresses=127.0.0.1",
        "password_encryption=scram-sha-256",
        "server_encoding=UTF8",
        "unix_socket_directories=",
    }


def test_what_was_committed_is_there_after_a_kill(server: PostgresServer) -> None:
    server.run_sql("CREATE TABLE t AS SELECT 7 AS x")
    server.kill()
    assert not server.is_running
    server.start()
    assert server.run_sql("SELECT x FROM t") == "7"


@pytest.mark.parametrize("mode", ["fast", "immediate", "smart"])
def test_stop_waits_until_it_is_gone(server: PostgresServer, mode: str) -> None:
    server.stop(mode)  # type: ignore[arg-type]
    assert not server.is_running
    assert not server.accepts_connections


def test_a_pid_file_from_before_a_reboot_does_not_matter(server: PostgresServer) -> None:
    server.kill()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:], ""]))  # another process has the number now
    server.start()
    assert server.is_running


def test_an_interrupted_initdb_is_begun_again(programs: Programs, checkout: Path) -> None:
    folder = paths_of(checkout).folder
    folder.mkdir(mode=0o755)
    server = PostgresServer(programs, folder / "throw-away", choose_port(seed="initdb", avoid=()), "secret")
    (server.folder / "data.partial" / "base").mkdir(parents=True)
    server.initialise()
    assert (server.data / "PG_VERSION").read_text() == "17\n"


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    server.password = "wrong"
    with pytest.raises(StackError, match="password authentication failed"):
        server.run_sql("SELECT 1")
