"""`rencheng stack`: the local servers from the command line."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local_stack import stack
from local_stack.endpoints import Endpoints
from local_stack.errors import StackError
from local_stack.progress import progress_for_stdout
from local_stack.server_process import last_lines

NOT_RUNNING = 3  # the exit status of init scripts for "not running"
LINES_SHOWN = 40
FOLLOW_EVERY_S = 0.3

app = typer.Typer(
    name="stack",
    help="TimescaleDB and Mosquitto on this machine, without Docker or root, for this checkout only.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Checkout = Annotated[
    Path, typer.Option(help="The checkout.", show_default="this checkout", file_okay=False, exists=True, hidden=True)
]
THIS_CHECKOUT = Path(__file__).resolve().parent.parent


@app.command()
def up(checkout: Checkout = THIS_CHECKOUT) -> None:
    """Start the servers. The first time, download them."""
    with _plain_errors():
        endpoints = stack.up(checkout, progress_for_stdout())
        _show(endpoints)


@app.command()
def down(checkout: Checkout = THIS_CHECKOUT) -> None:
    """Stop the servers of this checkout. Their data stays."""
    with _plain_errors():
        stack.down(checkout, progress_for_stdout())
        typer.echo("stopped")


@app.command()
def status(checkout: Checkout = THIS_CHECKOUT) -> None:
    """Show the state of the servers. Exit status 3 if one does not run."""
    with _plain_errors():
        servers = stack.status(checkout)
    table = Table("server", "state", "address", "process", box=None)
    for server in servers:
        table.add_row(server.name, server.state, server.address or "", str(server.pid or ""))
    Console().print(table)
    if not all(server.is_usable for server in servers):
        raise typer.Exit(NOT_RUNNING)


@app.command()
def logs(
    checkout: Checkout = THIS_CHECKOUT,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow until Ctrl-C.")] = False,
) -> None:
    """Show the end of the servers' logs."""
    with _plain_errors():
        files = stack.log_files(checkout)
    for file in files:
        for line in last_lines(file, count=LINES_SHOWN):
            typer.echo(f"{file.stem}: {line}")
    if follow:
        _follow(files)


@app.command()
def reload(checkout: Checkout = THIS_CHECKOUT) -> None:
    """Make the broker reload its accounts and access rules."""
    with _plain_errors():
        reloaded = stack.reload_broker(checkout)
        typer.echo("the broker reloads its accounts" if reloaded else "the broker does not run")


@app.command()
def reset(
    checkout: Checkout = THIS_CHECKOUT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop the servers of this checkout and delete their data."""
    if not yes:
        typer.confirm(f"Delete the database and the broker's messages of {checkout}?", abort=True)
    with _plain_errors():
        stack.reset(checkout, progress_for_stdout())
        typer.echo("deleted")


def _show(endpoints: Endpoints) -> None:
    """Print addresses without passwords, which are in the env file."""
    typer.echo(f"database  {_without_password(endpoints.database_url)}")
    typer.echo(f"broker    {_without_password(endpoints.mqtt_url)}")
    if endpoints.stack_bin is not None:
        typer.echo(f"programs  {endpoints.stack_bin} (psql, mosquitto_pub, mosquitto_sub and others)")
        typer.echo("accounts  .rencheng/stack.env")


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    user, _, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}@{place}" if user else url


def _follow(files: list[Path]) -> None:
    read_to = {file: file.stat().st_size if file.exists() else 0 for file in files}
    try:
        while True:
            for file in files:
                read_to[file] = _echo_new_lines(file, read_to[file])
            time.sleep(FOLLOW_EVERY_S)
    except KeyboardInterrupt:
        return


def _echo_new_lines(file: Path, start: int) -> int:
    """Print new whole lines. Return the position that was read to. A shorter file is a new one."""
    size = file.stat().st_size if file.exists() else 0
    if size == start:
        return start
    with file.open("rb") as log:
        log.seek(start if size > start else 0)
        text, newline, _ = log.read().rpartition(b"\n")
        for line in text.decode(errors="replace").splitlines():
            typer.echo(f"{file.stem}: {line}")
        return (start if size > start else 0) + len(text) + len(newline)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Print an error without a traceback and exit with status 1."""
    try:
        yield
    except (StackError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
