"""`rencheng`: the command for operators and developers."""

import os
import sys
from pathlib import Path

import typer

from commands import broker, database, fleet, jobs, keys, mutes, quality, weather, worlds
from commands.backtest.command import backtest
from commands.demo import demo
from commands.devices.app import app as device
from commands.devices.gateways import app as gateway
from commands.doctor.command import doctor
from commands.learn import learn
from commands.quarantine.app import app as quarantine
from commands.reference.command import reference
from commands.serve.command import serve
from commands.sites.app import app as site
from commands.storage.app import app as storage
from commands.writers import writers
from local_stack.cli import app as stack
from local_stack.errors import StackError
from rencheng.domain.errors import RenchengError

CHECKOUT = Path(__file__).resolve().parent.parent

app = typer.Typer(
    name="rencheng",
    help="Rencheng 韧城: flood early warning, from device telemetry to CAP warnings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(stack, name="stack")
app.add_typer(database.app, name="db")
app.add_typer(device, name="device")
app.add_typer(site, name="site")
app.add_typer(worlds.app, name="world")
app.add_typer(weather.app, name="weather")
app.add_typer(mutes.app, name="mute")
app.add_typer(gateway, name="gateway")
app.add_typer(fleet.app, name="fleet")
app.add_typer(broker.app, name="broker")
app.add_typer(keys.app, name="key")
app.add_typer(quarantine, name="quarantine")
app.add_typer(quality.app, name="quality")
app.add_typer(jobs.app, name="jobs")
app.add_typer(storage, name="storage")
for command in (serve, writers, doctor, demo, backtest, learn, reference):
    app.command()(command)


def run() -> None:
    """Run the command. An expected error is printed without a traceback."""
    os.environ.setdefault("RENCHENG_CHECKOUT", str(CHECKOUT))
    try:
        app()
    except (RenchengError, StackError) as error:
        sys.exit(f"rencheng: {error}")
