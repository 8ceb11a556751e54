"""`rencheng command`: commands to devices."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations import commands as operations
from rencheng.operations.signers import Signer, signer_of_token
from rencheng.response.commands.forms import CommandForm
from rencheng.response.commands.verbs import Verb
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.commands.commands import list_commands
from rencheng.store.core.database import Connection

app = typer.Typer(
    help="Commands to devices 指令: asked, approved, sent, confirmed by the device.", no_args_is_help=True
)

SHOWN_MAX = 200

CommandName = Annotated[str, typer.Argument(help="The command.")]
Reason = Annotated[str, typer.Option(help="The reason, kept in the audit log.")]
PersonKey = Annotated[
    str,
    typer.Option(
        "--person-key",
        envvar="RENCHENG_PERSON_KEY",
        prompt=True,
        hide_input=True,
        help="An API key made with `rencheng key create --person`: only a person approves.",
    ),
]


@app.command("list")
def list_(
    only_open: Annotated[bool, typer.Option("--open", help="Only commands that go on.")] = False,
    for_people: Annotated[
        bool, typer.Option("--for-people", help="Only commands that were not confirmed and that nobody handled.")
    ] = False,
) -> None:
    """Show commands, the newest first."""
    with transaction() as connection:
        found = list_commands(
            connection,
            reach=EVERYWHERE,
            world=None,
            only_open=only_open,
            only_for_people=for_people,
            limit=SHOWN_MAX,
        )
    table = Table(
        "command", "device", "verb", "state", "asked (Asia/Shanghai)", "signed", "proposal", "for people", box=None
    )
    for kept in found:
        each = kept.command
        asked = f"{each.asked_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}" if each.asked_at else "–"
        signed = f"{len(each.signatures)} of {each.signatures_needed}"
        table.add_row(
            each.command_id, each.device_id, each.verb, each.state, asked, signed, each.proposal_id, kept.person_needed
        )
    Console().print(table)


@app.command()
def ask(
    device: Annotated[str, typer.Argument(help="The device.")],
    verb: Annotated[Verb, typer.Argument(help="The command.")],
    key: Annotated[str, typer.Option(help="A name for this request; a repetition under it is the same command.")],
    reason: Reason,
    text: Annotated[str | None, typer.Option(help="Of board.show, the name of the text.")] = None,
    duration_s: Annotated[float | None, typer.Option(help="When a text or a hold ends by itself, seconds.")] = None,
    person_key: Annotated[
        str | None,
        typer.Option(envvar="RENCHENG_PERSON_KEY", help="The key of the person who asks; needed for what undoes."),
    ] = None,
) -> None:
    """Ask for a command. What protects is sent at once; what undoes waits for two other people."""
    given = {"device_id": device, "verb": verb, "reason": reason, "text": text, "duration_s": duration_s}
    try:
        form = CommandForm.model_validate(given)
    except ValidationError as error:
        raise NotPossible(join_findings(validation_findings(error, device))) from None
    with transaction() as connection:
        command = operations.ask_command(connection, form, key, _signer(connection, person_key))
    typer.echo(f"{command.command_id} is {command.state}")


@app.command()
def approve(command: CommandName, person_key: PersonKey) -> None:
    """Approve a command as the person of a key. Who asked for it cannot."""
    with transaction() as connection:
        after = operations.approve_command(connection, command, _signer(connection, person_key))
    typer.echo(f"{command} is {after.state}")


@app.command("approve-all")
def approve_all(proposal: Annotated[str, typer.Argument(help="The proposal.")], person_key: PersonKey) -> None:
    """Approve all commands of a proposal in one step."""
    with transaction() as connection:
        after = operations.approve_proposal(connection, proposal, _signer(connection, person_key))
    for each in after:
        typer.echo(f"{each.command_id} {each.device_id} {each.verb} is {each.state}")


@app.command()
def refuse(command: CommandName, reason: Reason) -> None:
    """Refuse a command that was not sent. One person is enough."""
    with transaction() as connection:
        operations.refuse_command(connection, command, reason, actor=operator())
    typer.echo(f"{command} is refused")


@app.command()
def withdraw(command: CommandName, reason: Reason) -> None:
    """Withdraw a command that was not sent."""
    with transaction() as connection:
        operations.withdraw_command(connection, command, reason, actor=operator())
    typer.echo(f"{command} is withdrawn")


@app.command()
def handled(command: CommandName, note: Annotated[str, typer.Option(help="What was found and done.")]) -> None:
    """Record what a person did at the place of a command that was not confirmed."""
    with transaction() as connection:
        operations.handle_command(connection, command, note, actor=operator())
    typer.echo(f"{command} is handled")


def _signer(connection: Connection, person_key: str | None) -> Signer:
    return Signer(operator(), None) if person_key is None else signer_of_token(connection, person_key, operator())
