"""A Mosquitto broker in a folder of its own."""

import signal
import socket
from pathlib import Path

from local_stack import server_process
from local_stack.ports import HOST, require_free
from local_stack.process_table import find_server
from local_stack.programs import Programs
from local_stack.server_account import ServerAccount, make_private_folder, server_account, write_private_file

START_TIMEOUT_S = 120.0  # it reads its whole persistence file first
STOP_TIMEOUT_S = 60.0
PROBE_TIMEOUT_S = 1.0

# The settings and access rules that this and docker-compose.yml share.
SHARED_SETTINGS = Path(__file__).resolve().parent.parent / "deploy" / "mosquitto"

# An MQTT 3.1.1 CONNECT without a name. Any CONNACK (0x20), even a refusal, shows that the broker works.
_CONNECT = bytes.fromhex("100c00044d5154540402000a0000")
_CONNACK = 0x20


class MosquittoServer:
    """A broker: programs, folder and port. `extra_config` is appended to its configuration; `run_as` is for root."""

    def __init__(
        self,
        programs: Programs,
        folder: Path,
        port: int,
        *,
        run_as: ServerAccount | None = None,
        extra_config: str = "",
    ) -> None:
        self.programs = programs
        self.folder = folder
        self.port = port
        self.account = run_as or server_account()
        self.extra_config = extra_config
        self.data = folder / "data"
        self.log_file = folder / "mosquitto.log"
        self.config_file = folder / "mosquitto.conf"
        self.password_file = folder / "passwd"
        self.acl_file = folder / "acl.conf"

    @property
    def url(self) -> str:
        """The broker's address."""
        return f"mqtt://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id; None if it does not run."""
        return find_server(program="mosquitto", argument=str(self.config_file))

    @property
    def is_running(self) -> bool:
        """Whether the broker of this folder runs."""
        return self.pid is not None

    @property
    def accepts_connections(self) -> bool:
        """Whether a broker answers on the port."""
        try:
            with socket.create_connection((HOST, self.port), timeout=PROBE_TIMEOUT_S) as probe:
                probe.sendall(_CONNECT)
                return probe.recv(1)[:1] == bytes([_CONNACK])
        except OSError:
            return False

    def start(self) -> None:
        """Start, unless it runs, and wait until it accepts connections."""
        pid = self.pid or self._launch()
        server_process.await_ready(
            lambda: self.accepts_connections,
            pid=pid,
            name="Mosquitto",
            log_file=self.log_file,
            timeout_s=START_TIMEOUT_S,
        )

    def stop(self) -> None:
        """Stop the broker and wait until it has ended. It saves its queues to the persistence file first."""
        pid = self.pid
        if pid is None:
            return
        server_process.end(
            pid, with_signal=signal.SIGTERM, name="Mosquitto", log_file=self.log_file, timeout_s=STOP_TIMEOUT_S
        )

    def kill(self) -> None:
        """Kill the broker (SIGKILL). Messages that are not in its persistence file are lost."""
        pid = self.pid
        if pid is None:
            return
        server_process.send(pid, signal.SIGKILL)
        server_process.await_gone([pid], timeout_s=STOP_TIMEOUT_S)

    def reload(self) -> None:
        """Make the broker reload accounts and access rules. Connections stay."""
        self._write_files()
        pid = self.pid
        if pid is not None:
            server_process.send(pid, signal.SIGHUP)

    def _launch(self) -> int:
        require_free(self.port, server="Mosquitto")
        self._write_files()
        command = [str(self.programs.mosquitto), "-c", str(self.config_file)]
        return server_process.start(
            command,
            folder=self.folder,
            log_file=self.log_file,
            environment=self.programs.environment,
            account=self.account,
        )

    def _write_files(self) -> None:
        """Write configuration and access rules, and make the password file readable for the broker."""
        make_private_folder(self.folder, self.account)
        make_private_folder(self.data, self.account)
        write_private_file(self.config_file, self._config(), self.account)
        write_private_file(self.acl_file, self._access_rules(), self.account)
        if not self.password_file.exists():
            write_private_file(self.password_file, "", self.account)
        elif self.account is not None:
            self.account.own(self.password_file)  # it may have been rewritten by root
        self.password_file.chmod(0o600)

    def _access_rules(self) -> str:
        """Return the shared rules and those of gateways, which are beside the password file."""
        rules = (SHARED_SETTINGS / "acl.conf").read_text()
        gateways = self.password_file.with_name("gateways.acl")
        return f"{rules}\n{gateways.read_text()}" if gateways.exists() else rules

    def _config(self) -> str:
        own = (
            f"listener {self.port} {HOST}",
            f"persistence_location {self.data}",
            f"password_file {self.password_file}",
            f"acl_file {self.acl_file}",
        )
        shared = (SHARED_SETTINGS / "rencheng.conf").read_text()
        return "\n".join([shared, "# This broker's own.", *own, self.extra_config, ""])
