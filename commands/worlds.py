"""`rencheng world`: the exercises beside the world `actual`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import EVERYWHERE
from rencheng.domain.topic import IDENTIFIER
from rencheng.operations.worlds import create_world
from rencheng.store.registry.overview import list_worlds

app = typer.Typer(help="Worlds: `actual`, and exercises 演练 apart from it.", no_args_is_help=True)

LISTED_MAX = 10_000


@app.command()
def add(
    world: Annotated[str, typer.Argument(help="The name of the exercise in topics and requests.")],
    title: Annotated[str | None, typer.Option(help="Its title on the status page.")] = None,
) -> None:
    """Add an exercise, so that sites and devices can be registered in it."""
    if not IDENTIFIER.fullmatch(world):
        raise NotPossible(f"{world!r} cannot be a name: letters, digits, dots, dashes and underscores, 64 at most")
    with transaction() as connection:
        create_world(connection, world, title or world, actor=operator())
    typer.echo(f"{world} is there")


@app.command("list")
def list_() -> None:
    """Show the worlds."""
    with transaction() as connection:
        worlds = list_worlds(connection, ACTUAL, EVERYWHERE, limit=LISTED_MAX)
    table = Table("world", "title", "sites", "warnings in force", box=None)
    for row in worlds:
        table.add_row(row["world"], row["title"], str(row["sites"]), str(row["in_force"]))
    Console().print(table)
