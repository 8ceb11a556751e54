"""`rencheng`: the command for operators and developers."""

import os
import sys
from pathlib import Path

import typer

from commands import database, fleet
from commands.backtest.command import backtest
from commands.demo import demo
from commands.drill import drill
from commands.learn import learn
from commands.platform import add_platform_commands
from commands.reference.command import reference
from commands.serve.command import serve
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
app.add_typer(fleet.app, name="fleet")
add_platform_commands(app)
for command in (serve, demo, drill, backtest, learn, reference):
    app.command()(command)


def run() -> None:
    """Run the command. An expected error is printed without a traceback."""
    os.environ.setdefault("RENCHENG_CHECKOUT", str(CHECKOUT))
    try:
        app()
    except (RenchengError, StackError) as error:
        sys.exit(f"rencheng: {error}")
