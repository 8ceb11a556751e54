"""`rencheng people`: who can be called."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.calls.json_lists import read_forms
from commands.database_access import operator, transaction
from rencheng.operations.people import save_person
from rencheng.response.calls.forms import PersonForm
from rencheng.store.calls.people import list_people

app = typer.Typer(help="People 人员 who can be called.", no_args_is_help=True)


@app.command("import")
def import_people(
    file: Annotated[Path, typer.Argument(help="A JSON list of people; docs/how-to/call-people.md shows one.")],
) -> None:
    """Add or change people, all or none. Nobody is deleted: set `active` to false instead."""
    forms = read_forms(PersonForm, file)
    with transaction() as connection:
        for form in forms:
            save_person(connection, form, actor=operator())
    typer.echo(f"{len(forms)} people saved")


@app.command("list")
def list_() -> None:
    """Show all people."""
    with transaction() as connection:
        found = list_people(connection)
    table = Table("person", "name", "organisation", "roles", "regions", "active", box=None)
    for person in found:
        is_active = "yes" if person.active else "no"
        roles, regions = ", ".join(person.roles), ", ".join(person.regions)
        table.add_row(person.person_id, person.name, person.organisation, roles, regions, is_active)
    Console().print(table)
