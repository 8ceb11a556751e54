"""The ports and passwords of a checkout's servers, kept from the first `up`."""

import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from local_stack.errors import StackError
from local_stack.locks import hold_lock
from local_stack.passwords import generate_contact_key, generate_password
from local_stack.paths import CheckoutPaths
from local_stack.ports import choose_port
from local_stack.progress import ProgressReporter
from local_stack.server_account import write_private_file

SERVICES = ("ingest", "alerts", "operator", "response")  # the accounts rencheng-<service> of the broker


@dataclass(frozen=True)
class StackState:
    """Ports and passwords of one checkout. The path is kept so that people can find whose folder it is."""

    checkout: str
    postgres_port: int
    postgres_password: str
    mosquitto_port: int
    service_passwords: dict[str, str]
    contact_key: str = ""


def read_state(place: CheckoutPaths) -> StackState | None:
    """Return the kept state, or None before the first `up`."""
    if not place.state_file.exists():
        return None
    return StackState(**json.loads(place.state_file.read_text()))


def ensure_state(place: CheckoutPaths, report: ProgressReporter) -> StackState:
    """Return the kept state; create it at the first `up`."""
    kept = read_state(place)
    if kept is not None:
        return _completed(place, kept)
    if (place.folder / "postgres" / "data").exists():
        raise StackError(
            f"{place.folder} holds a database, but {place.state_file.name} with its password is gone.",
            remedy="Run `rencheng stack reset` to delete this checkout's database and start again.",
        )
    with _choosing_ports(place, report):
        postgres_port = _free_port(place, "postgres", also_avoid=())
        state = StackState(
            checkout=str(place.checkout),
            postgres_port=postgres_port,
            postgres_password=generate_password(),
            mosquitto_port=_free_port(place, "mosquitto", also_avoid=(postgres_port,)),
            service_passwords={service: generate_password() for service in SERVICES},
            contact_key=generate_contact_key(),
        )
        _write_state(place, state)
    return state


def _completed(place: CheckoutPaths, kept: StackState) -> StackState:
    """Add the passwords that a newer version needs."""
    missing = {service: generate_password() for service in SERVICES if service not in kept.service_passwords}
    if not missing and kept.contact_key:
        return kept
    completed = replace(
        kept,
        service_passwords=kept.service_passwords | missing,
        contact_key=kept.contact_key or generate_contact_key(),
    )
    _write_state(place, completed)
    return completed


def change_port(
    place: CheckoutPaths, state: StackState, server: Literal["postgres", "mosquitto"], report: ProgressReporter
) -> StackState:
    """Choose another port for `postgres` or `mosquitto`, because another program has taken the kept one."""
    with _choosing_ports(place, report):
        ports = (state.postgres_port, state.mosquitto_port)
        port = _free_port(place, server, also_avoid=ports)
        changed = replace(state, postgres_port=port) if server == "postgres" else replace(state, mosquitto_port=port)
        _write_state(place, changed)
    return changed


def _write_state(place: CheckoutPaths, state: StackState) -> None:
    write_private_file(place.state_file, json.dumps(asdict(state), indent=1) + "\n", None)


def _choosing_ports(place: CheckoutPaths, report: ProgressReporter) -> AbstractContextManager[int]:
    return hold_lock(
        place.home.folder / "ports.lock", waiting_for="another checkout to choose its ports", report=report
    )


def _free_port(place: CheckoutPaths, server: str, *, also_avoid: tuple[int, ...]) -> int:
    avoid = {*also_avoid, *_ports_of_others(place.folder)}
    return choose_port(seed=f"{place.checkout} {server}", avoid=avoid)


def _ports_of_others(folder: Path) -> set[int]:
    """Return the ports of this user's other checkouts, whether their servers run or not."""
    ports = set()
    for file in folder.parent.glob("*/state.json"):
        kept = json.loads(file.read_text())
        ports |= {kept["postgres_port"], kept["mosquitto_port"]}
    return ports
