"""A PostgreSQL server with TimescaleDB in a folder of its own."""

import hmac
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Literal

from local_stack import server_process
from local_stack.errors import INSTEAD, StackError
from local_stack.ports import HOST, require_free
from local_stack.process_table import arguments_of, children, find_server, is_alive
from local_stack.programs import Programs
from local_stack.server_account import ServerAccount, make_private_folder, server_account, write_private_file

USER = "rencheng"
START_TIMEOUT_S = 300.0  # after a kill it goes through up to max_wal_size first
STOP_TIMEOUT_S = 60.0
ZONES = Path("/usr/share/zoneinfo")  # where Debian's PostgreSQL looks for them

SETTINGS = f"""# Written at each start; change local_stack/postgres.py instead.
listen_addresses = '{HOST}'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
checkpoint_timeout = 10min
fsync = on
# In the data folder: a container's /dev/shm may be small.
dynamic_shared_memory_type = mmap
# The compiler is not unpacked, and short queries gain nothing from it.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
"""


SERVICE_ROLES = ("ingest", "alerts", "api", "response", "accounts", "reader")
"""The services with a role of their own, and dashboards."""


def role_password(superuser_password: str, service: str) -> str:
    """Return the password of a service's role. It follows from the superuser's, not the reverse."""
    return hmac.new(superuser_password.encode(), f"role {service}".encode(), "sha256").hexdigest()[:32]


class PostgresServer:
    """A server: programs, folder, port and the superuser's password. `run_as` is for root, which PostgreSQL refuses."""

    def __init__(
        self, programs: Programs, folder: Path, port: int, password: str, *, run_as: ServerAccount | None = None
    ) -> None:
        self.programs = programs
        self.folder = folder
        self.port = port
        self.password = password
        self.account = run_as or server_account()
        self.data = folder / "data"
        self.log_file = folder / "postgres.log"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id; None if it does not run."""
        return find_server(program="postgres", argument=str(self.data))

    @property
    def is_running(self) -> bool:
        """Whether the server of this folder runs."""
        return self.pid is not None

    @property
    def accepts_connections(self) -> bool:
        """Whether the server answers on its port."""
        command = [str(self.programs.postgres_bin / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(command, check=False, env=self.programs.environment, cwd="/").returncode == 0

    def url(self, database: str = USER) -> str:
        """Return the address for SQLAlchemy with psycopg 3."""
        return f"postgresql+psycopg://{USER}:{self.password}@{HOST}:{self.port}/{database}"

    def role_url(self, service: str, database: str = USER) -> str:
        """Return the address for the role of a service."""
        password = role_password(self.password, service)
        return f"postgresql+psycopg://rencheng_{service}:{password}@{self.address}/{database}"

    def initialise(self) -> None:
        """Create the data folder if it does not exist."""
        if self.data.exists():
            return
        make_private_folder(self.folder, self.account)
        fresh = self.folder / "data.partial"
        shutil.rmtree(fresh, ignore_errors=True)  # left by an `initdb` that was cut short
        password_file = self.folder / "password"
        write_private_file(password_file, self.password + "\n", self.account)
        try:
            self._run_initdb(fresh, password_file)
        finally:
            password_file.unlink()
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'rencheng.conf'\n")
        fresh.rename(self.data)

    def start(self) -> None:
        """Start, unless it runs, and wait until it accepts connections and has the roles of the services."""
        pid = self.pid or self._launch()
        server_process.await_ready(
            lambda: self.accepts_connections,
            pid=pid,
            name="PostgreSQL",
            log_file=self.log_file,
            timeout_s=START_TIMEOUT_S,
        )
        self._create_roles()

    def stop(self, mode: Literal["fast", "immediate", "smart"] = "fast") -> None:
        """Stop the server and wait until it has ended."""
        pid = self.pid
        if pid is None:
            return
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        server_process.end(
            pid, with_signal=signals[mode], name="PostgreSQL", log_file=self.log_file, timeout_s=STOP_TIMEOUT_S
        )

    def kill(self) -> None:
        """Kill the server and all its processes at once (SIGKILL), as a power cut does."""
        pid = self.pid
        if pid is None:
            return
        server_process.send(pid, signal.SIGSTOP)  # so that it starts no more processes meanwhile
        all_pids = [pid, *children(pid)]
        for each in all_pids:
            server_process.send(each, signal.SIGKILL)
        server_process.await_gone(all_pids, timeout_s=STOP_TIMEOUT_S)

    def create_database(self, name: str) -> None:
        """Create a database if it does not exist."""
        if self.run_sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "":  # noqa: S608 - our own name
            self.run_sql(f'CREATE DATABASE "{name}"')

    def run_sql(self, sql: str, *, database: str = "postgres") -> str:
        """Run one statement with psql. Return its rows as plain text."""
        command = [str(self.programs.psql), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(self.port)]
        ended = subprocess.run(
            [*command, "-U", USER, "-d", database, "-c", sql],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self.programs.environment | {"PGPASSWORD": self.password},
        )
        if ended.returncode != 0:
            raise StackError(f"PostgreSQL refused: {ended.stderr.strip()}", remedy=f"Its log is {self.log_file}.")
        return ended.stdout.strip()

    def _create_roles(self) -> None:
        """Create the roles of the services if they do not exist. Migrations give them their privileges."""
        known = self.run_sql("SELECT rolname FROM pg_roles").splitlines()
        missing = [service for service in SERVICE_ROLES if f"rencheng_{service}" not in known]
        created = [
            f"CREATE ROLE rencheng_{service} LOGIN PASSWORD '{role_password(self.password, service)}'"
            for service in missing
        ]
        if created:
            self.run_sql("; ".join(created))

    def _launch(self) -> int:
        if not ZONES.joinpath("Asia/Shanghai").exists():
            raise StackError(
                f"This machine has no time zones in {ZONES}.", remedy=f"Install the package tzdata. {INSTEAD}"
            )
        require_free(self.port, server="PostgreSQL")
        write_private_file(self.data / "rencheng.conf", SETTINGS, self.account)
        self._forget_stale_pid()
        command = [str(self.programs.postgres_bin / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        return server_process.start(
            command,
            folder=self.data,
            log_file=self.log_file,
            environment=self.programs.environment,
            account=self.account,
        )

    def _forget_stale_pid(self) -> None:
        """Delete the pid file if its number belongs to another process, because PostgreSQL would refuse to start.

        If the number is unused the file stays. PostgreSQL then checks itself that no orphan uses the data.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first_line = pid_file.read_text().partition("\n")[0]
        if first_line.isdigit() and is_alive(int(first_line)) and not self._is_used_by(int(first_line)):
            pid_file.unlink()

    def _is_used_by(self, pid: int) -> bool:
        """Return whether the process was started on our data, by any path."""
        paths = (Path(argument) for argument in arguments_of(pid) if argument.startswith("/"))
        return any(path.exists() and path.samefile(self.data) for path in paths)

    def _run_initdb(self, data: Path, password_file: Path) -> None:
        """Run initdb with UTF-8 and the same text order on every machine."""
        locale = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        auth = (f"--username={USER}", f"--pwfile={password_file}", "--auth=scram-sha-256")
        ended = subprocess.run(
            [str(self.programs.postgres_bin / "initdb"), "-D", str(data), *locale, *auth],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.programs.environment,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            umask=0o077,
        )
        if ended.returncode != 0:
            raise StackError(f"initdb failed: {ended.stderr.strip()[-800:]}", remedy=INSTEAD)
