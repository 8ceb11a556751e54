"""`rencheng call`: who was called for a warning, who answered, and answers by telephone."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations.asks import AskSender
from rencheng.operations.calls import answer_for, call_one_more, end_call, withdraw_answer_of
from rencheng.response.calls.call import AnswerKind
from rencheng.runtime.settings import PublicSettings
from rencheng.store.calls.calls import list_calls

app = typer.Typer(help="Calls 叫应: somebody is called until one answers.", no_args_is_help=True)

SHOWN_MAX = 200

WarningName = Annotated[str, typer.Argument(help="The warning.")]
PersonName = Annotated[str, typer.Argument(help="The person.")]


@app.command("list")
def list_(ended: Annotated[bool, typer.Option("--ended", help="Calls that are over, too.")] = False) -> None:
    """Show calls, those that changed last first."""
    with transaction() as connection:
        found = list_calls(connection, reach=EVERYWHERE, world=None, include_ended=ended, limit=SHOWN_MAX)
    table = Table("warning", "world", "state", "level", "round", "step", "next (Asia/Shanghai)", "people", box=None)
    for call, _ in found:
        people = ", ".join(f"{each.person_id} {each.state.name.lower()}" for each in call.targets)
        due = f"{call.next_due.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}" if call.next_due else "–"
        counts = (call.level.word, str(call.round), str(call.step))
        table.add_row(call.warning_id, call.world, call.state, *counts, due, people)
    Console().print(table)


@app.command()
def answer(
    warning: WarningName,
    person: PersonName,
    kind: Annotated[AnswerKind, typer.Argument(help="What the person answered.")],
    note: Annotated[str, typer.Option(help="How the answer came.")] = "",
) -> None:
    """Record an answer that a person gave by telephone or otherwise 代答."""
    with transaction() as connection:
        refusal = answer_for(
            connection, warning, person, kind, actor=operator(), via="command", carry_out=call_messages(), note=note
        )
    typer.echo(f"recorded, but it changes nothing: {refusal}" if refusal else "recorded")


@app.command()
def add(
    warning: WarningName,
    person: PersonName,
    role: Annotated[str, typer.Option(help="The role of the person.")],
    ask: Annotated[int | None, typer.Option(min=1, help="The number of this ask, to ask a person again.")] = None,
) -> None:
    """Call one more person. Somebody who is asked already is asked again with --ask 2, 3 and so on."""
    with transaction() as connection:
        _require_taken(
            call_one_more(connection, warning, person, role, actor=operator(), carry_out=call_messages(), ask=ask)
        )
    typer.echo(f"{person} is called")


@app.command()
def withdraw(
    warning: WarningName, person: PersonName, reason: Annotated[str, typer.Option(help="Kept in the audit log.")]
) -> None:
    """Take the answer of a person back. The deputy, or the next step, is called at once."""
    with transaction() as connection:
        _require_taken(
            withdraw_answer_of(connection, warning, person, reason, actor=operator(), carry_out=call_messages())
        )
    typer.echo(f"the answer of {person} does not hold any more")


@app.command()
def end(warning: WarningName, reason: Annotated[str, typer.Option(help="The reason, kept in the audit log.")]) -> None:
    """End a call. A higher level calls again."""
    with transaction() as connection:
        _require_taken(end_call(connection, warning, reason, actor=operator(), carry_out=call_messages()))
    typer.echo("the call has ended")


def call_messages() -> AskSender:
    """Return what sends the messages of calls."""
    return AskSender(PublicSettings.load().public_url)


def _require_taken(refusal: str) -> None:
    if refusal:
        raise NotPossible(f"it changes nothing: {refusal}")
