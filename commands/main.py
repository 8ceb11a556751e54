"""`rencheng`: everything that an operator or developer does from a shell."""

import os
import sys
from pathlib import Path

import typer

from commands import (
    backtest,
    broker,
    database,
    demo,
    devices,
    doctor,
    fleet,
    gateways,
    jobs,
    keys,
    learn,
    mutes,
    quality,
    quarantine,
    reference,
    serve,
    sites,
    storage,
    weather,
    workers,
)
from local_stack.cli import app as stack
from local_stack.errors import StackError
from rencheng.domain.errors import RenchengError

CHECKOUT = Path(__file__).resolve().parent.parent

app = typer.Typer(
    name="rencheng",
    help="Rencheng 韧城: from a device's message to a warning in a dispatcher's hands.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(stack, name="stack")
app.add_typer(database.app, name="db")
app.add_typer(devices.app, name="device")
app.add_typer(sites.app, name="site")
app.add_typer(weather.app, name="weather")
app.add_typer(mutes.app, name="mute")
app.add_typer(gateways.app, name="gateway")
app.add_typer(fleet.app, name="fleet")
app.add_typer(broker.app, name="broker")
app.add_typer(keys.app, name="key")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(quality.app, name="quality")
app.add_typer(jobs.app, name="jobs")
app.add_typer(storage.app, name="storage")
app.command()(serve.serve)
app.command()(workers.workers)
app.command()(doctor.doctor)
app.command()(demo.demo)
app.command()(backtest.backtest)
app.command()(learn.learn)
app.command()(reference.reference)


def run() -> None:
    """Run the command; what we know how to explain ends with its explanation, not with a traceback."""
    os.environ.setdefault("RENCHENG_CHECKOUT", str(CHECKOUT))
    try:
        app()
    except (RenchengError, StackError) as error:
        sys.exit(f"rencheng: {error}")
