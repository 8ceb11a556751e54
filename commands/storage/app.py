"""`rencheng storage`: what is stored, how finely, and for how long. The jobs see to it; nothing here has to be done."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commands.database_access import open_engine, transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Connection
from rencheng.store.hypertables.catalog import RAW, Hypertable, chunk_interval, chunks, hypertables, size_bytes
from rencheng.store.hypertables.edition import edition, rollups_are_continuous
from rencheng.store.retention.readings import preview_drop
from rencheng.store.rollups.refresh import count_stale, dropped_before, mark_stale
from rencheng.store.schema.granularity import Granularity, Rollup
from services.jobs.app import run_once
from services.jobs.catalogue import JOBS
from services.jobs.settings import JobSettings

app = typer.Typer(help="Readings and rollups: how much, how old, how long kept.", no_args_is_help=True)

WAIT_S = 60.0
"""How long a command waits for a runner that is on duty."""


@app.command()
def status() -> None:
    """Show readings and rollups, with their sizes, their ages, and what the rollups still owe."""
    settings = JobSettings.load()
    with transaction() as connection:
        form = "continuous aggregates" if rollups_are_continuous(connection) else "tables"
        typer.echo(f"TimescaleDB {edition(connection).name} edition; rollups are {form}")
        for hypertable in hypertables(connection):
            typer.echo(_described(connection, hypertable, settings))


@app.command("roll-up")
def roll_up() -> None:
    """Roll up now what was touched."""
    _do("storage.rollups")


@app.command()
def arrange() -> None:
    """Fit the length of new chunks to what comes in; switch the columnstore on where the licence allows it."""
    _do("storage.arrange")


@app.command()
def drop(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Drop what is older than it need be kept and rolled up."""
    if not dry_run:
        _do("storage.retention")
        return
    settings = JobSettings.load()
    with transaction() as connection:
        for hypertable in hypertables(connection):
            keep = settings.keep(hypertable.kind, hypertable.granularity)
            if keep is None:
                continue
            found = preview_drop(connection, hypertable, keep)
            for word, some in (("would go", found.chunks), ("waits for its rollup", found.withheld)):
                for chunk in some:
                    span = f"{chunk.begins:%Y-%m-%d %H:%M} to {chunk.ends:%Y-%m-%d %H:%M}"
                    typer.echo(f"{_name(hypertable)}  {span}  {word}")


@app.command()
def again(
    kind: Kind,
    begins: Annotated[datetime, typer.Option("--from", help="From this time on, UTC.")],
    ends: Annotated[datetime, typer.Option("--to", help="Before this time, UTC.")],
) -> None:
    """Have a stretch of time rolled up anew: readings were changed by hand, which nobody noted."""
    since, until = begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC)
    if since >= until:
        raise NotPossible("--from must lie before --to")
    with transaction() as connection:
        gone = dropped_before(connection, kind, RAW)
        if gone is not None and since < gone:
            raise NotPossible(f"readings before {gone:%Y-%m-%d %H:%M} UTC were dropped; their rollups stay as they are")
        mark_stale(connection, kind, since, until)
    typer.echo("noted; the job does it within minutes, `rencheng storage roll-up` at once")


def _do(name: str) -> None:
    """One job now, in the one place that a runner has: two at once would be in each other's way."""
    [job] = [job for job in JOBS if job.name == name]
    with open_engine() as engine:
        done = run_once(engine, [job], JobSettings.load(), wait_s=WAIT_S)
    if done is None:
        raise NotPossible("a runner is on duty, and does it when it is due; `rencheng jobs list` shows its work")
    if not done:
        raise typer.Exit(1)


def _name(hypertable: Hypertable) -> str:
    return f"{hypertable.kind.value} {hypertable.granularity}"


def _described(connection: Connection, hypertable: Hypertable, settings: JobSettings) -> str:
    held = chunks(connection, hypertable)
    keep = settings.keep(hypertable.kind, hypertable.granularity)
    gone = dropped_before(connection, hypertable.kind, hypertable.granularity)
    told = [
        f"{_name(hypertable):18} {size_bytes(connection, hypertable) / 1e6:9.1f} MB in {len(held)} chunks",
        f"a new one is of {_length(chunk_interval(connection, hypertable))}",
        f"kept {_length(keep) if keep else 'for good'}",
    ]
    if held:
        told.append(f"from {held[0].begins:%Y-%m-%d}")
    if by_columns := sum(chunk.by_columns for chunk in held):
        told.append(f"{by_columns} by columns")
    if gone:
        told.append(f"dropped before {gone:%Y-%m-%d %H:%M} UTC")
    if hypertable.granularity != RAW:
        rollup = Rollup(hypertable.kind, Granularity(hypertable.granularity))
        told.append(f"owes {count_stale(connection, rollup)} stretches of time")
    return "; ".join(told)


def _length(length: timedelta) -> str:
    days = length / timedelta(days=1)
    return f"{days:g} days" if days >= 1 else f"{24 * days:g} hours"
