"""`rencheng task`: what is to be done about warnings, who does it, and who checks it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from commands.response.signing import PersonKey
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations.evidence_files import read_attachment
from rencheng.operations.signers import signer_of_token
from rencheng.operations.task_messages import TaskSender
from rencheng.operations.tasks import Reporter, TaskMove, check_task, move_task, report_evidence
from rencheng.response.tasks.plan import FILE_KINDS, ProofKind
from rencheng.response.tasks.task import FINAL, TaskState
from rencheng.runtime.settings import PublicSettings
from rencheng.store.tasks.evidence import GivenEvidence, evidence_of
from rencheng.store.tasks.tasks import events_of_task, find_task, list_tasks

app = typer.Typer(help="Tasks 处置任务: what is to be done about warnings.", no_args_is_help=True)

SHOWN_MAX = 500

TaskNumber = Annotated[int, typer.Argument(min=1, help="The task's number.")]
PersonName = Annotated[str, typer.Argument(help="The person who did it.")]


@app.command("list")
def list_(over: Annotated[bool, typer.Option("--over", help="Tasks that are over, too.")] = False) -> None:
    """Show tasks, the one that is due first before the others."""
    states = [state for state in TaskState if over or state not in FINAL]
    with transaction() as connection:
        found = list_tasks(connection, reach=EVERYWHERE, world=None, states=states, limit=SHOWN_MAX)
    now = datetime.now(UTC)
    table = Table("number", "warning", "task", "role", "state", "person", "due (Asia/Shanghai)", box=None)
    for each in found:
        task = each.task
        state = f"{task.state}, overdue" if task.is_overdue(now) else task.state
        person = task.person_id or f"asked: {', '.join(task.asked) or 'nobody'}"
        names = (str(each.task_id), task.warning_id, task.template.template_id, task.template.role)
        table.add_row(*names, state, person, f"{task.due_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}")
    Console().print(table)


@app.command()
def show(task: TaskNumber) -> None:
    """Show a task with its evidence and everything that happened to it."""
    with transaction() as connection:
        stored = find_task(connection, task)
        if stored is None:
            raise NotPossible(f"there is no task {task}; `rencheng task list` shows all that are open")
        events, reported = events_of_task(connection, task), evidence_of(connection, task)
    template = stored.task.template
    typer.echo(f"{template.title_zh} {template.title_en}: {stored.task.state} {stored.task.reason}".rstrip())
    table = Table("at (Asia/Shanghai)", "what", "by", "detail", box=None)
    for row in events:
        detail = ", ".join(f"{name}: {value}" for name, value in row["given"].items() if value)
        table.add_row(f"{row['at'].astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}", row["kind"], row["actor"], detail)
    for row in reported:
        values = [row["note"], f"{row['depth_mm']:g} mm" if row["depth_mm"] is not None else ""]
        at = f"{row['at'].astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}"
        table.add_row(at, row["kind"], row["person_id"], " ".join(value for value in values if value))
    Console().print(table)


@app.command()
def report(
    task: TaskNumber,
    person: PersonName,
    move: Annotated[TaskMove, typer.Argument(help="What the person reports.")],
    note: Annotated[str, typer.Option(help="The reason, if it is given back or cannot be done.")] = "",
) -> None:
    """Record what a person reported about a task by telephone or otherwise."""
    with transaction() as connection:
        by = Reporter(person, operator(), "command")
        stored = move_task(connection, task, move, by, note=note, send=_sender())
    typer.echo(f"task {task} is {stored.task.state}")


@app.command()
def evidence(
    task: TaskNumber,
    person: PersonName,
    kind: Annotated[ProofKind, typer.Argument(help="What it is.")],
    note: Annotated[str, typer.Option(help="What was seen or agreed.")] = "",
    depth_mm: Annotated[float | None, typer.Option(min=0, max=20_000, help="A depth read on the spot.")] = None,
    photo: Annotated[Path | None, typer.Option(help="A JPEG or PNG file.")] = None,
    file: Annotated[Path | None, typer.Option(help="An MP4 or PDF file.")] = None,
) -> None:
    """Record evidence of a task, or a hidden danger that was found on the way."""
    attached = photo or file
    if (kind is ProofKind.DEPTH) != (depth_mm is not None) or (kind in FILE_KINDS) != (attached is not None):
        raise NotPossible("a photo, video or document needs its file, a depth needs --depth-mm, nothing else has them")
    if attached is None and depth_mm is None and not note:
        raise NotPossible("give --note: what was seen or agreed")
    try:
        kept = read_attachment(attached.read_bytes(), datetime.now(UTC)) if attached else None
    except OSError as error:
        raise NotPossible(f"{attached} cannot be read: {error.strerror}") from None
    if kept is not None and kept.kind is not kind:
        raise NotPossible(f"{attached} is a {kept.kind}, not a {kind}")
    by = Reporter(person, operator(), "command")
    given = GivenEvidence(kind, person, by.actor, by.via, note, depth_mm, kept)
    with transaction() as connection:
        known = report_evidence(connection, task, given, by, send=_sender())
    typer.echo("recorded before: it is the same file" if known else "recorded")


@app.command()
def check(
    task: TaskNumber,
    key: PersonKey,
    failed: Annotated[str | None, typer.Option(help="It did not pass, for this reason: it begins again.")] = None,
) -> None:
    """Sign that a task was done well. A place is reopened by two people who did not do it, after the all-clear."""
    with transaction() as connection:
        signer = signer_of_token(connection, key, operator())
        passed = failed is None
        stored = check_task(
            connection, task, signer=signer, via="command", passed=passed, note=failed or "", send=_sender()
        )
    typer.echo(f"task {task} is {stored.task.state}")


def _sender() -> TaskSender:
    return TaskSender(PublicSettings.load().public_url)
