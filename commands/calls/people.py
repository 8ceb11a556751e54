"""`rencheng people`: who can be called."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.calls.json_lists import read_forms
from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.operations.people import add_person_contact, save_person
from rencheng.response.calls.forms import PersonForm
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.runtime.settings import ContactSettings
from rencheng.schemas.findings import validation_findings
from rencheng.store.calls.people import list_people
from rencheng.store.response.cipher import ContactCipher

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


@app.command()
def contact(
    person: Annotated[str, typer.Argument(help="The person.")],
    kind: Annotated[str, typer.Argument(help="sms, voice, mail, webhook, mqtt, wecom_bot, dingtalk_bot, feishu_bot.")],
    address: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Number, mail address or URL.")],
    secret: Annotated[str | None, typer.Option(help="The secret with which a bot checks messages.")] = None,
    world: Annotated[list[str] | None, typer.Option(help="A world; can be repeated. Default: actual.")] = None,
    quiet: Annotated[
        str | None, typer.Option(help="City times between which it is used for red only, such as 22:00-06:00.")
    ] = None,
) -> None:
    """Add a contact method to a person. It is used once its code was typed back. Without --address it is asked for."""
    values: dict[str, Any] = {"kind": kind, "address": address, "secret": secret, "worlds": world or ["actual"]}
    if quiet is not None:
        values["quiet_from"], _, values["quiet_until"] = quiet.partition("-")
    try:
        form = ContactForm.model_validate(values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "contact"))) from None
    cipher = ContactCipher(ContactSettings.load().contact_keys.get_secret_value())
    with transaction() as connection:
        number, own_secret = add_person_contact(connection, person, form, cipher, actor=operator())
    typer.echo(f"contact {number} is added; `rencheng contact test {number}` sends a code to it")
    if own_secret:
        typer.echo(own_secret)
        typer.echo("the receiver checks signatures with this secret; store it now, it cannot be shown again", err=True)


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
