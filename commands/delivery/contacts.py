"""`rencheng contact`: the addresses of subscribers, and whether messages arrive there."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.operations import contacts as operations
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.response.delivery.outcome import FAILING_AFTER
from rencheng.runtime.settings import ContactSettings
from rencheng.schemas.findings import validation_findings
from rencheng.store.core.sessions import Row
from rencheng.store.response.cipher import ContactCipher, new_key
from rencheng.store.response.contacts import list_contacts

app = typer.Typer(help="Contact methods 联系方式: where messages go.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Its number in the list.")]


@app.command()
def add(
    subscriber: Annotated[str, typer.Argument(help="The subscriber's name.")],
    kind: Annotated[str, typer.Argument(help="webhook, mqtt, mail, sms, voice, wecom_bot, dingtalk_bot, feishu_bot.")],
    address: Annotated[str, typer.Option(prompt=True, hide_input=True, help="URL, topic level, mail or number.")],
    secret: Annotated[str | None, typer.Option(help="The secret with which a bot checks messages.")] = None,
    world: Annotated[list[str] | None, typer.Option(help="A world; can be repeated. Default: actual.")] = None,
    mode: Annotated[str | None, typer.Option(help="latest or every; default by kind.")] = None,
    cap: Annotated[str, typer.Option(help="CAP in a webhook: none, link or inline.")] = "link",
    language: Annotated[str, typer.Option(help="zh, en or both.")] = "both",
    spare: Annotated[bool, typer.Option("--spare", help="Red is sent to it even while the database is away.")] = False,
    template: Annotated[str | None, typer.Option(help="Text with $site, $level, $headline, … instead.")] = None,
) -> None:
    """Add a contact method. Without --address it is asked for, so that it stays out of the shell's history."""
    values = {
        "kind": kind,
        "address": address,
        "secret": secret,
        "worlds": world or ["actual"],
        "mode": mode,
        "cap": cap,
        "language": language,
        "spare": spare,
        "template": template,
    }
    try:
        form = ContactForm.model_validate(values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "contact"))) from None
    with transaction() as connection:
        number, own_secret = operations.add_contact(connection, subscriber, form, _cipher(), actor=operator())
    typer.echo(f"contact {number} is added; `rencheng contact test {number}` sends a test message")
    if own_secret:
        typer.echo(own_secret)
        typer.echo("the receiver checks signatures with this secret; store it now, it cannot be shown again", err=True)


@app.command()
def end(number: Number) -> None:
    """End a contact method: nothing more is sent to it."""
    with transaction() as connection:
        operations.end_contact(connection, number, actor=operator())
    typer.echo(f"contact {number} has ended")


@app.command()
def test(number: Number) -> None:
    """Send a test message, on the way of a real one."""
    with transaction() as connection:
        dispatch_id = operations.send_test(connection, number, actor=operator())
    typer.echo(f"sent as {dispatch_id}; `rencheng dispatch show {dispatch_id}` shows what became of it")


@app.command()
def prove(number: Number, code: Annotated[str, typer.Argument(help="The code in the test message.")]) -> None:
    """Prove the contact method of a person by the code that arrived there."""
    with transaction() as connection:
        is_right = operations.prove_contact(connection, number, code, actor=operator())
    if not is_right:
        raise NotPossible(operations.WRONG_CODE)
    typer.echo(f"contact {number} is proven; the person is called by it")


@app.command()
def disable(number: Number, reason: Annotated[str, typer.Option(help="Shown in the list.")]) -> None:
    """Send nothing more for now; `rencheng contact probe` ends this."""
    with transaction() as connection:
        operations.disable_contact(connection, number, reason, actor=operator())
    typer.echo(f"contact {number} is disabled; `rencheng contact probe {number}` enables it")


@app.command()
def probe(number: Number) -> None:
    """Try a disabled contact method with a test message. If it arrives, what waited follows."""
    test(number)


@app.command()
def rotate(
    number: Number,
    at_once: Annotated[bool, typer.Option("--at-once", help="The old secret stops now: others know it.")] = False,
) -> None:
    """Replace the secret of a webhook. Both secrets sign for a day."""
    with transaction() as connection:
        typer.echo(operations.rotate_secret(connection, number, _cipher(), at_once=at_once, actor=operator()))


@app.command("list")
def list_(
    subscriber: Annotated[str | None, typer.Option(help="Of one subscriber.")] = None,
) -> None:
    """Show the contact methods with masked addresses."""
    with transaction() as connection:
        rows = list_contacts(connection, subscriber_id=subscriber)
    table = Table("no.", "subscriber", "kind", "address", "worlds", "mode", "state", "proved", box=None)
    for row in rows:
        owner = row["subscriber_id"] or f"person {row['person_id']}"
        proved = f"{row['proved_at']:%Y-%m-%d}" if row["proved_at"] else "never"
        worlds = ", ".join(row["worlds"])
        table.add_row(
            str(row["method_id"]), owner, row["kind"], row["shown"], worlds, row["mode"], contact_state(row), proved
        )
    Console().print(table)


@app.command()
def key() -> None:
    """Print a new key for RENCHENG_CONTACT_KEYS."""
    typer.echo(new_key())


def contact_state(row: Row) -> str:
    """Return how an endpoint does, in words."""
    if row["disabled_at"] is not None:
        return f"disabled: {row['disabled_why']}"
    return "failing" if row["failures"] >= FAILING_AFTER else "ok"


def _cipher() -> ContactCipher:
    return ContactCipher(ContactSettings.load().contact_keys.get_secret_value())
