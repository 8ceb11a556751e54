"""`rencheng subscriber`: who gets warnings, and which."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.topic import IDENTIFIER
from rencheng.operations.contacts import end_subscriber, save_subscriber
from rencheng.response.delivery.contact_form import SubscriberForm
from rencheng.schemas.findings import validation_findings
from rencheng.store.response.contacts import list_subscribers

app = typer.Typer(help="Subscribers 订阅者: systems, groups and people that get warnings.", no_args_is_help=True)


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(help="The subscriber's name, new or known.")],
    owner: Annotated[str, typer.Option(help="The organisation and the person who answers for it.")],
    level: Annotated[str, typer.Option(help="Warnings at this level or above.")] = "blue",
    region: Annotated[list[str] | None, typer.Option(help="A district, city or province; can be repeated.")] = None,
    site_type: Annotated[list[str] | None, typer.Option(help="A type of site; can be repeated.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="A site; can be repeated.")] = None,
    updates: Annotated[bool, typer.Option(help="Messages at an unchanged level, too.")] = True,
    notices: Annotated[bool, typer.Option(help="Notices, such as lost monitoring, too.")] = False,
    platform: Annotated[bool, typer.Option(help="Messages about the platform itself, too.")] = False,
) -> None:
    """Add a subscriber, or change one. Filters that are not given include all."""
    if not IDENTIFIER.fullmatch(name):
        raise NotPossible(f"{name!r} cannot be a name: letters, digits, dots, dashes and underscores, 64 at most")
    values = {
        "owner": owner,
        "level_min": level,
        "regions": region or [],
        "site_types": site_type or [],
        "sites": site or [],
        "wants_updates": updates,
        "wants_notices": notices,
        "wants_platform_messages": platform,
    }
    try:
        form = SubscriberForm.model_validate(values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "subscriber"))) from None
    with transaction() as connection:
        is_new = save_subscriber(connection, name, form, actor=operator())
    typer.echo(f"{name} is {'added; add a contact next' if is_new else 'changed'}")


@app.command()
def end(name: Annotated[str, typer.Argument(help="The subscriber's name.")]) -> None:
    """End a subscriber: it gets nothing more."""
    with transaction() as connection:
        end_subscriber(connection, name, actor=operator())
    typer.echo(f"{name} has ended")


@app.command("list")
def list_() -> None:
    """Show the subscribers with their filters."""
    with transaction() as connection:
        rows = list_subscribers(connection)
    table = Table("name", "owner", "from", "regions", "types", "sites", "updates", "notices", "platform", box=None)
    for row in rows:
        filters = (", ".join(row[column]) or "all" for column in ("regions", "site_types", "sites"))
        wants = ("yes" if row[f"wants_{one}"] else "no" for one in ("updates", "notices", "platform_messages"))
        table.add_row(row["subscriber_id"], row["owner"], Level(row["level_min"]).word, *filters, *wants)
    Console().print(table)
