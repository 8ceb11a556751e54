"""The servers of a checkout: up, down, status, reset."""

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from local_stack.endpoints import Endpoints, ExternalServers, external_servers, write_stack_env
from local_stack.locks import hold_lock
from local_stack.mosquitto import MosquittoServer
from local_stack.passwords import password_file_text
from local_stack.paths import CheckoutPaths, make_shared_folder, paths_of
from local_stack.ports import is_still_free
from local_stack.postgres import SERVICE_ROLES, USER, PostgresServer
from local_stack.programs import Programs, ensure, installed
from local_stack.progress import ProgressReporter, SilentProgress
from local_stack.server_account import make_private_folder, write_private_file
from local_stack.state import StackState, change_port, ensure_state, read_state


@dataclass(frozen=True)
class ServerStatus:
    """The state of one server. `address` is None before the first `up`."""

    name: str
    state: str
    address: str | None = None
    pid: int | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it can be used. An external server is assumed to be."""
        return self.state in {"running", "external"}


def up(checkout: Path, report: ProgressReporter) -> Endpoints:
    """Start the servers that do not run, and write the endpoints. The servers outlive this process."""
    place = paths_of(checkout)
    external = external_servers(place)
    if external.database_url is not None and external.mqtt_url is not None:
        report.print_line("RENCHENG_DATABASE_URL and RENCHENG_MQTT_URL are set: using those servers, starting none")
        return Endpoints(database_url=external.database_url, mqtt_url=external.mqtt_url)
    programs = ensure(report, home=place.home)
    with _alone(place, report):
        make_shared_folder(place.folder)
        state = ensure_state(place, report)
        if external.database_url is None:
            state = _start_postgres(place, programs, state, report)
        if external.mqtt_url is None:
            state = _start_mosquitto(place, programs, state, report)
        endpoints = _endpoints(place, programs, state, external)
        write_stack_env(place, endpoints, external=external)
    return endpoints


def down(checkout: Path, report: ProgressReporter | None = None) -> None:
    """Stop the servers of this checkout. Their data stays."""
    place = paths_of(checkout)
    with _alone(place, report or SilentProgress()):
        for server in _servers(place):
            server.stop()


def reset(checkout: Path, report: ProgressReporter | None = None) -> None:
    """Kill the servers of this checkout, and delete their data, logs, ports and passwords."""
    place = paths_of(checkout)
    with _alone(place, report or SilentProgress()):
        for server in _servers(place):
            server.kill()  # its files are deleted below
        if place.folder.exists():
            shutil.rmtree(place.folder)
        place.stack_env.unlink(missing_ok=True)
        place.lock_file.unlink()


def status(checkout: Path) -> list[ServerStatus]:
    """Return the state of the servers of this checkout."""
    place = paths_of(checkout)
    external = external_servers(place)
    state = read_state(place)
    postgres = _own_status("PostgreSQL", _postgres(place, installed(place.home), state) if state else None)
    mosquitto = _own_status("Mosquitto", _mosquitto(place, installed(place.home), state) if state else None)
    if external.database_url is not None:
        postgres = ServerStatus("PostgreSQL", "external", "RENCHENG_DATABASE_URL")
    if external.mqtt_url is not None:
        mosquitto = ServerStatus("Mosquitto", "external", "RENCHENG_MQTT_URL")
    return [postgres, mosquitto]


def reload_broker(checkout: Path) -> bool:
    """Make the broker of this checkout reload its accounts. Return False if it does not run."""
    place = paths_of(checkout)
    state = read_state(place)
    if state is None:
        return False
    broker = _mosquitto(place, installed(place.home), state)
    broker.reload()
    return broker.is_running


def database_urls(checkout: Path) -> dict[str, str]:
    """Return the address of the database for each service with a role of its own; none if the server is not ours."""
    place = paths_of(checkout)
    state = read_state(place)
    if state is None or external_servers(place).database_url is not None:
        return {}
    server = _postgres(place, installed(place.home), state)
    return {service: server.role_url(service) for service in SERVICE_ROLES}


def log_files(checkout: Path) -> list[Path]:
    """Return the logs of the servers of this checkout."""
    folder = paths_of(checkout).folder
    return [folder / "postgres" / "postgres.log", folder / "mosquitto" / "mosquitto.log"]


def _start_postgres(
    place: CheckoutPaths, programs: Programs, state: StackState, report: ProgressReporter
) -> StackState:
    server = _postgres(place, programs, state)
    _end_orphan(server, without=server.data, report=report)
    if not server.is_running and not is_still_free(state.postgres_port):
        state = change_port(place, state, "postgres", report)
        server = _postgres(place, programs, state)
    if not server.data.exists():
        with report.step("initialising the database"):
            server.initialise()
    server.start()
    server.create_database(USER)
    return state


def _start_mosquitto(
    place: CheckoutPaths, programs: Programs, state: StackState, report: ProgressReporter
) -> StackState:
    broker = _mosquitto(place, programs, state)
    _end_orphan(broker, without=broker.config_file, report=report)
    if not broker.is_running and not is_still_free(state.mosquitto_port):
        state = change_port(place, state, "mosquitto", report)
        broker = _mosquitto(place, programs, state)
    if not broker.password_file.exists():
        accounts = {f"rencheng-{service}": password for service, password in state.service_passwords.items()}
        make_private_folder(broker.folder, broker.account)
        write_private_file(broker.password_file, password_file_text(accounts), broker.account)
    broker.start()
    return state


def _end_orphan(server: PostgresServer | MosquittoServer, *, without: Path, report: ProgressReporter) -> None:
    """Kill a server whose files were deleted while it ran."""
    if server.is_running and not without.exists():
        report.print_line(f"a server of this checkout ran without its files in {server.folder}; ending it")
        server.kill()


def _endpoints(place: CheckoutPaths, programs: Programs, state: StackState, external: ExternalServers) -> Endpoints:
    database_url = external.database_url or _postgres(place, programs, state).url()
    if external.mqtt_url is not None:
        return Endpoints(
            database_url=database_url,
            mqtt_url=external.mqtt_url,
            contact_keys=state.contact_key,
            stack_bin=programs.bin,
        )
    broker = _mosquitto(place, programs, state)
    return Endpoints(
        database_url=database_url,
        mqtt_url=broker.url,
        mqtt_ingest_password=state.service_passwords["ingest"],
        mqtt_alerts_password=state.service_passwords["alerts"],
        mqtt_operator_password=state.service_passwords["operator"],
        mqtt_response_password=state.service_passwords["response"],
        contact_keys=state.contact_key,
        mqtt_password_file=broker.password_file,
        stack_bin=programs.bin,
    )


def _servers(place: CheckoutPaths) -> list[MosquittoServer | PostgresServer]:
    """Return the servers of this checkout in the order to stop them; none before the first `up`."""
    state = read_state(place)
    if state is None:
        return []
    programs = installed(place.home)
    return [_mosquitto(place, programs, state), _postgres(place, programs, state)]


def _own_status(name: str, server: PostgresServer | MosquittoServer | None) -> ServerStatus:
    if server is None:
        return ServerStatus(name, "not created yet")
    pid = server.pid
    if pid is None:
        return ServerStatus(name, "stopped", server.address)
    return ServerStatus(name, "running" if server.accepts_connections else "not answering", server.address, pid)


def _postgres(place: CheckoutPaths, programs: Programs, state: StackState) -> PostgresServer:
    folder = place.folder / "postgres"
    return PostgresServer(programs, folder, state.postgres_port, state.postgres_password, run_as=place.home.account)


def _mosquitto(place: CheckoutPaths, programs: Programs, state: StackState) -> MosquittoServer:
    return MosquittoServer(programs, place.folder / "mosquitto", state.mosquitto_port, run_as=place.home.account)


def _alone(place: CheckoutPaths, report: ProgressReporter) -> AbstractContextManager[int]:
    return hold_lock(place.lock_file, waiting_for="another command on this checkout's servers", report=report)
