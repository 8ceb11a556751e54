"""`rencheng role`: the roles of people."""

from datetime import datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.operations import roles as operations
from rencheng.operations.roles import RoleForm, read_roles
from rencheng.runtime.settings import RolesSettings
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.access import roles as store
from rencheng.store.calls.people import list_people

app = typer.Typer(help="Roles of people.", no_args_is_help=True)


@app.command()
def give(
    person: Annotated[str, typer.Argument(help="A name of `people list`.")],
    role: Annotated[str, typer.Argument(help="The role, such as `operator`; `role show` lists all.")],
    region: Annotated[
        list[str] | None, typer.Option(help="Bind the role to a region: a district, city or province; can be repeated.")
    ] = None,
    world: Annotated[
        list[str] | None, typer.Option(help="Bind the role to a world: `actual` or an exercise; can be repeated.")
    ] = None,
    up_to: Annotated[str | None, typer.Option(help="The highest level that the person approves. Default: any.")] = None,
    until: Annotated[datetime | None, typer.Option(help="When the role ends by itself.")] = None,
) -> None:
    """Give a person a role. It takes effect at the next request."""
    try:
        form = RoleForm.model_validate(
            {
                "role": role,
                "regions": region or [],
                "worlds": world or [],
                "up_to": up_to,
                "until": until and until.astimezone().isoformat(),
            }
        )
    except ValidationError as error:
        raise NotPossible(join_findings(validation_findings(error, "role"))) from None
    rules = read_roles(RolesSettings.load().roles_file)
    with transaction() as connection:
        number = operations.give_role(connection, person, form, rules, actor=operator())
    typer.echo(f"{person} has the role {role} (number {number})")


@app.command()
def end(
    person: Annotated[str, typer.Argument(help="A name of `people list`.")],
    number: Annotated[int, typer.Argument(help="The number of the assignment, of `role list`.")],
) -> None:
    """End a role of a person now. The person's sessions end as well."""
    with transaction() as connection:
        operations.end_role(connection, person, number, actor=operator())
    typer.echo(f"{person} no longer has the role {number}")


@app.command("list")
def list_() -> None:
    """Show who has which role."""
    with transaction() as connection:
        names = [person.person_id for person in list_people(connection)]
        found = store.roles_of(connection, names)
    table = Table("number", "person", "role", "regions", "worlds", "up to", "until", "by", box=None)
    for person_id, roles in found.items():
        for role in roles:
            reach = (", ".join(role.reach.regions) or "all", ", ".join(role.reach.worlds) or "all")
            up_to = "any" if role.up_to is None else role.up_to.word
            until = f"{role.until:%Y-%m-%d %H:%M}" if role.until else ""
            table.add_row(str(role.assignment_id), person_id, role.role, *reach, up_to, until, role.made_by or "")
    Console().print(table)


@app.command()
def show() -> None:
    """Show what each role permits."""
    table = Table("role", "permissions", box=None)
    for role, scopes in sorted(read_roles(RolesSettings.load().roles_file).scopes.items()):
        table.add_row(role, ", ".join(sorted(scopes)))
    Console().print(table)
