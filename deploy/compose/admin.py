#!/usr/bin/env python3
"""The `rencheng` command in a container: the verbs that need no local stack.

docker compose run --rm admin device add gauge-7 --kind waterlogging --region 370102
"""

import sys

import typer

from commands import broker, devices, jobs, keys, quarantine, sites, storage
from rencheng.domain.errors import RenchengError

app = typer.Typer(
    name="admin",
    help="Devices, sites, API keys and the broker's accounts of this platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(devices.app, name="device")
app.add_typer(sites.app, name="site")
app.add_typer(keys.app, name="key")
app.add_typer(broker.app, name="broker")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(jobs.app, name="jobs")
app.add_typer(storage.app, name="storage")

if __name__ == "__main__":
    try:
        app()
    except RenchengError as error:
        sys.exit(f"rencheng: {error}")
