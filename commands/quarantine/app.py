"""`rencheng quarantine`: what was refused, why, and how it gets in after all."""

import codecs
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from commands.database_access import limits, open_engine, operator, transaction
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.remedies import REMEDIES
from rencheng.intake import IntakeResult
from rencheng.replay.attempt import Fix, attempt
from rencheng.replay.run import ReplaySummary, combined, replay, replay_matching
from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.core.database import Engine
from rencheng.store.quarantine.log import QuarantineFilters, count_open, find_entry, list_entries
from rencheng.store.quarantine.replay import as_entry
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.devices import find_devices

app = typer.Typer(help="Quarantine 隔离区: list, look into, mend and replay what was refused.", no_args_is_help=True)

ByReason = Annotated[
    RejectionReason | None, typer.Option(help="Why it was refused; `rencheng quarantine reasons` explains.")
]
ByDevice = Annotated[str | None, typer.Option(help="Which device sent it.")]
ByKind = Annotated[Kind | None, typer.Option(help="Of which family, by its topic.")]
ByWorld = Annotated[str | None, typer.Option(help="`actual`, or an exercise.")]
Since = Annotated[datetime | None, typer.Option(help="Received last at this time or later (yours, if without offset).")]
Until = Annotated[datetime | None, typer.Option(help="Received last before this time.")]

SHOWN_CHARACTERS = 60


@app.command("list")
def list_(
    reason: ByReason = None,
    device: ByDevice = None,
    kind: ByKind = None,
    world: ByWorld = None,
    since: Since = None,
    until: Until = None,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those that were replayed, not the open ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries, the newest first.")] = 50,
) -> None:
    """Show what was refused."""
    filters = _filters(reason, device, kind, world, since, until, replayed=replayed)
    with transaction() as connection:
        rows = list_entries(connection, filters, limit=limit)
    table = Table("number", "reason", "device", "last received", "times", "payload", "detail", box=None)
    for row in rows:
        when = f"{row['last_received_at'].astimezone():%Y-%m-%d %H:%M:%S}"
        payload = escape(_as_text(row["payload"])[:SHOWN_CHARACTERS])
        about = (row["device_id"] or "", when, str(row["times"]), payload, escape(row["detail"][:SHOWN_CHARACTERS]))
        table.add_row(str(row["quarantine_id"]), row["reason"], *about)
    Console().print(table)


@app.command()
def show(number: Annotated[int, typer.Argument(help="The entry's number.")]) -> None:
    """Show one entry whole: where it came from, its payload, and what intake would say of it today."""
    with transaction() as connection:
        row = find_entry(connection, number)
        if row is None:
            raise NotPossible(
                f"there is no entry {number} in quarantine; `rencheng quarantine list` shows what there is"
            )
        entry = as_entry(row)
        directory = find_devices(connection, [entry.device_id or ""])
    for name in ("topic", "reason", "detail", "position", "times", "first_received_at", "last_received_at"):
        typer.echo(f"{name:18} {row[name]}")
    _say_remedy(entry.reason)
    if row["replayed_at"]:
        typer.echo(f"{'replayed':18} {row['replayed_at']} by {row['replayed_by']}: {row['replayed_as']}")
    typer.echo(f"payload, {row['payload_bytes']} bytes:\n{_as_text(entry.payload)}")
    _say_attempt(attempt(entry, directory, limits(), now=datetime.now(UTC)))


@app.command("replay")
def replay_(
    numbers: Annotated[list[int] | None, typer.Argument(help="Entries; or say which by the options.")] = None,
    reason: ByReason = None,
    device: ByDevice = None,
    kind: ByKind = None,
    world: ByWorld = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the options mean; without any, all.")] = False,
    payload_file: Annotated[
        Path | None, typer.Option(help="A mended payload for one entry.", exists=True, dir_okay=False)
    ] = None,
    topic: Annotated[str | None, typer.Option(help="Another topic for one entry.")] = None,
) -> None:
    """Send what was refused through intake again, as of the moment when it was received. Twice is harmless."""
    filters = _filters(reason, device, kind, world, since, until)
    fix = _fix(payload_file, topic)
    narrowed = filters != QuarantineFilters(replayed=False)
    if bool(numbers) == (everything or narrowed) or (fix and len(numbers or []) != 1):
        raise NotPossible("name entries by number, or by options with --all if all are meant; a mended one alone")
    with open_engine() as engine:
        create_staging_on_connect(engine)
        if numbers:
            _replay_numbers(engine, numbers, fix)
        else:
            _say(replay_all(engine, filters))


@app.command()
def reasons() -> None:
    """Say what each reason means, and what helps."""
    for reason in REMEDIES:
        typer.echo(reason)
        _say_remedy(reason)


def replay_all(engine: Engine, filters: QuarantineFilters) -> ReplaySummary:
    """Replay every open entry that is meant, with a bar on a terminal."""
    console = Console(stderr=True)
    with engine.connect() as connection:
        expected = count_open(connection, filters)
    total, after = ReplaySummary(), 0
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("replaying", total=expected)
        while True:
            part = replay_matching(engine, filters, limits=limits(), actor=operator(), after=after)
            total = combined(total, part)
            progress.update(task, completed=total.entries)
            if part.next_after is None:
                return total
            after = part.next_after


def _replay_numbers(engine: Engine, numbers: list[int], fix: Fix | None) -> None:
    outcomes = replay(engine, numbers, limits=limits(), actor=operator(), fix=fix)
    for outcome in outcomes:
        if not outcome.moved:
            for refusal in outcome.refusals:
                typer.echo(f"{outcome.quarantine_id} stays: {refusal.reason}: {refusal.detail}", err=True)
    moved = [outcome for outcome in outcomes if outcome.moved]
    _say(ReplaySummary(len(numbers), len(moved), sum((outcome.tally for outcome in moved), ReadingCounts())))
    if not moved:
        raise NotPossible("nothing was replayed: what is not named above is not there, or was replayed before")


def _say(done: ReplaySummary) -> None:
    became = f"{done.counts.stored} stored, {done.counts.duplicate} duplicate, {done.counts.quarantined} refused again"
    typer.echo(f"{done.moved} of {done.entries} entries replayed; readings: {became}")


def _say_remedy(reason: RejectionReason) -> None:
    remedy = REMEDIES[reason]
    typer.echo(f"  {remedy.meaning_zh} {remedy.meaning_en}\n  → {remedy.remedy_zh}\n  → {remedy.remedy_en}")


def _say_attempt(admitted: IntakeResult) -> None:
    typer.echo("today:")
    for reading in admitted.readings:
        said = {name: value for name, value in asdict(reading).items() if value is not None}
        typer.echo(f"  would be taken: {', '.join(f'{name} {value}' for name, value in said.items())}")
    for refusal in admitted.rejections:
        where = "" if refusal.position < 0 else f" at place {refusal.position}"
        typer.echo(f"  would be refused{where}: {refusal.reason}: {refusal.detail}")
    if admitted.state is not None:
        typer.echo(f"  would be taken: {admitted.state}")


def _fix(payload_file: Path | None, topic: str | None) -> Fix | None:
    if payload_file is None and topic is None:
        return None
    return Fix(topic=topic, payload=payload_file.read_bytes() if payload_file else None)


def _filters(
    reason: RejectionReason | None,
    device: str | None,
    kind: Kind | None,
    world: str | None,
    since: datetime | None,
    until: datetime | None,
    *,
    replayed: bool = False,
) -> QuarantineFilters:
    began, ended = (moment.astimezone() if moment else None for moment in (since, until))
    return QuarantineFilters(reason, device, kind, world, began, ended, replayed)


def _as_text(payload: bytes) -> str:
    """A payload as text, or, if it is none, in hexadecimal digits, 32 bytes a line."""
    try:
        text = codecs.decode(payload, "utf-8")
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and text:
        return text
    return "\n".join(payload[begin : begin + 32].hex(" ") for begin in range(0, len(payload), 32))
