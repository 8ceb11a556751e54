#!/usr/bin/env python3
"""The `rencheng` commands that need no local stack, for use in a container.

docker compose run --rm admin device add gauge-7 --kind waterlogging --region 370102
"""

import sys

import typer

from commands import broker, jobs, keys
from commands.devices.app import app as device
from commands.quarantine.app import app as quarantine
from commands.sites.app import app as site
from commands.storage.app import app as storage
from commands.writers import writers
from rencheng.domain.errors import RenchengError

app = typer.Typer(
    name="admin",
    help="Devices, sites, API keys and broker accounts of this platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(device, name="device")
app.add_typer(site, name="site")
app.add_typer(keys.app, name="key")
app.add_typer(broker.app, name="broker")
app.add_typer(quarantine, name="quarantine")
app.add_typer(jobs.app, name="jobs")
app.add_typer(storage, name="storage")
app.command()(writers)

if __name__ == "__main__":
    try:
        app()
    except RenchengError as error:
        sys.exit(f"rencheng: {error}")
