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
from rencheng.operations.calls import answer_for, call_one_more, end_call
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
            connection, warning, person, kind, actor=operator(), via="command", carry_out=_asks(), note=note
        )
    typer.echo(f"recorded, but it changes nothing: {refusal}" if refusal else "recorded")


@app.command()
def add(
    warning: WarningName, person: PersonName, role: Annotated[str, typer.Option(help="The role of the person.")]
) -> None:
    """Call one more person."""
    with transaction() as connection:
        _require_taken(call_one_more(connection, warning, person, role, actor=operator(), carry_out=_asks()))
    typer.echo(f"{person} is called")


@app.command()
def end(warning: WarningName, reason: Annotated[str, typer.Option(help="The reason, kept in the audit log.")]) -> None:
    """End a call. A higher level calls again."""
    with transaction() as connection:
        _require_taken(end_call(connection, warning, reason, actor=operator(), carry_out=_asks()))
    typer.echo("the call has ended")


def _asks() -> AskSender:
    return AskSender(PublicSettings.load().public_url)


def _require_taken(refusal: str) -> None:
    if refusal:
        raise NotPossible(f"it changes nothing: {refusal}")
