"""`rencheng storage`: readings, rollups and retention. The jobs do all of this by themselves."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commands.database_access import open_engine, operator, transaction
from commands.times import moment_of
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.operations.platform import record_run
from rencheng.store.access import audit
from rencheng.store.core.sessions import Connection
from rencheng.store.hypertables.catalog import RAW, Hypertable, chunk_interval, chunks, hypertables, size_bytes
from rencheng.store.hypertables.edition import edition, rollups_are_continuous
from rencheng.store.retention.readings import preview_drop
from rencheng.store.rollups.refresh import count_stale, dropped_before, mark_stale
from rencheng.store.schema.granularity import Granularity, Rollup
from services.jobs.app import run_once
from services.jobs.catalogue import JOBS
from services.jobs.settings import JobSettings

app = typer.Typer(help="Readings and rollups: sizes, ages and retention.", no_args_is_help=True)

WAIT_S = 60.0
"""How long a command waits for the active runner, seconds."""


@app.command()
def status() -> None:
    """Show sizes, ages and retention of readings and rollups, and which rollups are stale."""
    settings = JobSettings.load()
    with transaction() as connection:
        form = "continuous aggregates" if rollups_are_continuous(connection) else "tables"
        typer.echo(f"TimescaleDB {edition(connection).name} edition; rollups are {form}")
        for hypertable in hypertables(connection):
            typer.echo(_described(connection, hypertable, settings))


@app.command("roll-up")
def roll_up() -> None:
    """Refresh the stale rollups now."""
    _run("storage.rollups")


@app.command()
def arrange() -> None:
    """Fit the chunk interval to the rate of readings; enable the columnstore where the licence allows it."""
    _run("storage.arrange")


@app.command()
def drop(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be dropped and change nothing.")] = False,
) -> None:
    """Drop chunks that are older than their retention time and rolled up."""
    if not dry_run:
        _run("storage.retention")
        return
    settings = JobSettings.load()
    with transaction() as connection:
        for hypertable in hypertables(connection):
            keep = settings.keep(hypertable.kind, hypertable.granularity)
            if keep is None:
                continue
            found = preview_drop(connection, hypertable, keep)
            for word, some in (("would be dropped", found.chunks), ("waits for its rollup", found.withheld)):
                for chunk in some:
                    span = f"{chunk.begins:%Y-%m-%d %H:%M} to {chunk.ends:%Y-%m-%d %H:%M}"
                    typer.echo(f"{_name(hypertable)}  {span}  {word}")


@app.command("mark-stale")
def mark_stale_rollups(
    kind: Kind,
    begins: Annotated[datetime, typer.Option("--from", help="From this time on, UTC.")],
    ends: Annotated[datetime, typer.Option("--to", help="Before this time, UTC.")],
) -> None:
    """Mark the rollups of a period as stale, because its readings were changed by hand."""
    since, until = moment_of(begins, "--from", UTC), moment_of(ends, "--to", UTC)
    if since >= until:
        raise NotPossible("--from must be before --to")
    with transaction() as connection:
        gone = dropped_before(connection, kind, RAW)
        if gone is not None and since < gone:
            raise NotPossible(f"readings before {gone:%Y-%m-%d %H:%M} UTC were dropped; their rollups stay as they are")
        mark_stale(connection, kind, since, until)
        period = {"kind": kind.value, "from": since.isoformat(), "to": until.isoformat()}
        audit.record(connection, operator(), "storage.mark_stale", "storage", period)
    typer.echo("marked; the job refreshes it within minutes, `rencheng storage roll-up` at once")


def _run(name: str) -> None:
    """Run one job now, unless another runner is active."""
    [job] = [job for job in JOBS if job.name == name]
    with open_engine() as engine:
        record_run(engine, [name], actor=operator())
        done = run_once(engine, [job], JobSettings.load(), wait_s=WAIT_S)
    if done is None:
        raise NotPossible(
            "another runner is active and runs this job when it is due; `rencheng jobs list` shows its jobs"
        )
    if not done:
        raise typer.Exit(1)


def _name(hypertable: Hypertable) -> str:
    return f"{hypertable.kind.value} {hypertable.granularity}"


def _described(connection: Connection, hypertable: Hypertable, settings: JobSettings) -> str:
    held = chunks(connection, hypertable)
    keep = settings.keep(hypertable.kind, hypertable.granularity)
    gone = dropped_before(connection, hypertable.kind, hypertable.granularity)
    parts = [
        f"{_name(hypertable):18} {size_bytes(connection, hypertable) / 1e6:9.1f} MB in {len(held)} chunks",
        f"new chunks span {_length(chunk_interval(connection, hypertable))}",
        f"kept {_length(keep) if keep else 'for ever'}",
    ]
    if held:
        parts.append(f"from {held[0].begins:%Y-%m-%d}")
    if by_columns := sum(chunk.is_compressed for chunk in held):
        parts.append(f"{by_columns} in the columnstore")
    if gone:
        parts.append(f"dropped before {gone:%Y-%m-%d %H:%M} UTC")
    if hypertable.granularity != RAW:
        rollup = Rollup(hypertable.kind, Granularity(hypertable.granularity))
        parts.append(f"{count_stale(connection, rollup)} stale rollup buckets")
    return "; ".join(parts)


def _length(length: timedelta) -> str:
    days = length / timedelta(days=1)
    return f"{days:g} days" if days >= 1 else f"{24 * days:g} hours"
