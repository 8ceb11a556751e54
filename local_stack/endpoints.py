"""The servers' addresses, in the form that the services' settings read."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

from local_stack.paths import CheckoutPaths
from local_stack.server_account import write_private_file

# The names of the settings, in the order of the fields below.
DATABASE_URL = "RENCHENG_DATABASE_URL"
MQTT_URL = "RENCHENG_MQTT_URL"


@dataclass(frozen=True)
class Endpoints:
    """Addresses and accounts. Of a server that is not ours only the address is known."""

    database_url: str
    mqtt_url: str
    mqtt_ingest_password: str | None = None
    mqtt_alerts_password: str | None = None
    mqtt_operator_password: str | None = None
    mqtt_response_password: str | None = None
    contact_keys: str | None = None
    mqtt_password_file: Path | None = None
    stack_bin: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The same as environment variables."""
        pairs = ((f"RENCHENG_{field.name.upper()}", getattr(self, field.name)) for field in fields(self))
        return {name: str(value) for name, value in pairs if value is not None}


def read_stack_env(place: CheckoutPaths) -> dict[str, str]:
    """Return what the last `up` wrote."""
    if not place.stack_env.exists():
        return {}
    lines = place.stack_env.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write_stack_env(place: CheckoutPaths, endpoints: Endpoints, *, external: "ExternalServers") -> None:
    """Write the endpoints of our own servers. External servers stay in the environment only."""
    values = endpoints.environment
    for name in external.names:
        del values[name]
    if values == read_stack_env(place):
        return
    place.stack_env.parent.mkdir(exist_ok=True)
    lines = [f"{name}={value}" for name, value in values.items()]
    write_private_file(place.stack_env, "\n".join(["# Written by `rencheng stack up`.", *lines, ""]), None)


@dataclass(frozen=True)
class ExternalServers:
    """Servers named in the environment, used instead of our own."""

    database_url: str | None
    mqtt_url: str | None

    @property
    def names(self) -> list[str]:
        """The settings that name them."""
        named = ((DATABASE_URL, self.database_url), (MQTT_URL, self.mqtt_url))
        return [name for name, value in named if value is not None]


def external_servers(place: CheckoutPaths) -> ExternalServers:
    """Return the servers named in the environment, unless they are our own."""
    ours = read_stack_env(place)
    named = {name: os.environ.get(name) or None for name in (DATABASE_URL, MQTT_URL)}
    theirs = {name: None if value == ours.get(name) else value for name, value in named.items()}
    return ExternalServers(database_url=theirs[DATABASE_URL], mqtt_url=theirs[MQTT_URL])
