"""`rencheng login`: logins of people by password, for a city without an identity provider."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.operations import sign_in as operations
from rencheng.operations.people import save_person
from rencheng.operations.roles import RoleForm, RoleRules, give_role
from rencheng.response.calls.forms import PersonForm
from rencheng.store.access import person_logins as store
from rencheng.store.calls.people import find_people

app = typer.Typer(help="Logins of people by password.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(help="A name of `people list`.")]


@app.command()
def give(person: Person) -> None:
    """Give a person a login, and print a password that must be changed at once. It replaces a lost one, too."""
    with transaction() as connection:
        password = operations.give_login(connection, person, actor=operator())
    _show(person, password)


@app.command()
def administrator(
    person: Annotated[str, typer.Argument(help="The name in the register; added if it is new.")],
    name: Annotated[str, typer.Option(help="The person's own name, if the person is new.")] = "",
    region: Annotated[str, typer.Option(help="Where a new person serves: a district, city or province.")] = "370000",
) -> None:
    """Make the first administrator: the person, the role and the login in one step."""
    with transaction() as connection:
        if person not in find_people(connection, [person]):
            save_person(
                connection, PersonForm(person_id=person, name=name or person, regions=(region,)), actor=operator()
            )
        give_role(connection, person, RoleForm(role="administrator"), RoleRules(), actor=operator())
        password = operations.give_login(connection, person, actor=operator())
    _show(person, password)


@app.command()
def end(person: Person) -> None:
    """Delete a login. The person's sessions end."""
    with transaction() as connection:
        operations.end_login(connection, person, actor=operator())
    typer.echo(f"{person} can no longer sign in with a password")


@app.command("list")
def list_() -> None:
    """Show who has a login."""
    with transaction() as connection:
        found = store.list_logins(connection)
    table = Table("person", "password", "second factor", "locked until", box=None)
    for person_id, must_change, has_factor, until in found:
        shown = f"{until:%Y-%m-%d %H:%M} UTC" if until else ""
        table.add_row(person_id, "must be changed" if must_change else "set", "on" if has_factor else "off", shown)
    Console().print(table)


def _show(person: str, password: str) -> None:
    typer.echo(password)
    typer.echo(f"the password of {person} for the first login; it cannot be shown again", err=True)
