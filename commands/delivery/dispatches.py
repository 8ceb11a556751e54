"""`rencheng dispatch`: what was sent where, what failed, and sending it again."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.contacts import send_again
from rencheng.store.response.ledger import DEAD, attempts_of, list_dispatches

if TYPE_CHECKING:
    from rencheng.response.delivery.dispatch import DispatchState

app = typer.Typer(help="Dispatches 发送记录: each message to each contact method.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(help="Its id in the list.")]


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Every state, not the dead letters alone.")] = False,
    contact: Annotated[int | None, typer.Option(help="To one contact method.")] = None,
    warning: Annotated[str | None, typer.Option(help="Of one warning.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
) -> None:
    """Show dead letters 死信: what failed, was not sent in time, or is in doubt."""
    states: tuple[DispatchState, ...] = () if all_ else DEAD
    with transaction() as connection:
        rows = list_dispatches(connection, states=states, method_id=contact, warning_id=warning, limit=limit)
    table = Table("id", "made (Asia/Shanghai)", "to", "about", "level", "state", "tries", "reason", box=None)
    for row in rows:
        made = f"{row['made_at'].astimezone(CITY_ZONE):%m-%d %H:%M:%S}"
        to = f"{row['method_id']} {row['kind']} {row['shown']}"
        about = row["warning_id"] or f"{row['source']} {row['purpose']}"
        table.add_row(
            str(row["dispatch_id"]),
            made,
            to,
            about,
            Level(row["level"]).word,
            row["state"],
            str(row["attempts"]),
            row["reason"] or "",
        )
    Console(width=200).print(table)


@app.command()
def show(dispatch_id: Id) -> None:
    """Show the attempts of a dispatch."""
    with transaction() as connection:
        rows = attempts_of(connection, dispatch_id)
    table = Table("try", "began (Asia/Shanghai)", "outcome", "status", "code", "detail", box=None)
    for row in rows:
        began = f"{row['begun_at'].astimezone(CITY_ZONE):%m-%d %H:%M:%S}"
        status = "" if row["status"] is None else str(row["status"])
        table.add_row(
            str(row["n"]), began, row["outcome"] or "…", status, row["provider_code"] or "", row["detail"] or ""
        )
    Console().print(table)


@app.command()
def again(dispatch_id: Id) -> None:
    """Send a dead letter again, under its id."""
    with transaction() as connection:
        send_again(connection, dispatch_id, actor=operator())
    typer.echo(f"{dispatch_id} is due again")
