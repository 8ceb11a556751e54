"""`rencheng jobs`: the periodic jobs."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.database_access import open_engine, operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.operations.platform import record_run
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.logs import set_up_logs
from rencheng.store import jobs as ledger
from services.jobs.app import run_once, run_until_stopped
from services.jobs.catalogue import JOBS, Job
from services.jobs.settings import JobSettings

app = typer.Typer(help="Periodic jobs: run them, show their last runs.")


@app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Run each job now, due or not, then end.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this job; can be repeated.")] = None,
    wait_s: Annotated[float, typer.Option(help="With --once: seconds to wait for the active runner.", min=0)] = 30.0,
) -> None:
    """Run due jobs until Ctrl-C. Only one runner is active at a time. `rencheng serve` runs one as well."""
    if context.invoked_subcommand is not None:
        return
    settings, chosen = JobSettings.load(), _named(only)
    set_up_logs()
    with open_engine() as engine:
        if not once:
            run_until_stopped(engine, chosen, settings, stop_on_signals())
            return
        record_run(engine, [job.name for job in chosen], actor=operator())
        done = run_once(engine, chosen, settings, wait_s=wait_s)
    if done is None:
        raise NotPossible("another runner is active and runs the due jobs; `rencheng jobs list` shows them")
    list_()
    if not done:
        raise typer.Exit(1)


@app.command("list")
def list_() -> None:
    """Show every job and its last run."""
    with transaction() as connection:
        is_active = ledger.has_active_runner(connection)
        runs = {entry.name: entry for entry in ledger.runs(connection)}
    now = datetime.now(UTC)
    for job in JOBS:
        last = runs.get(job.name)
        typer.echo(f"{job.name:22} {job.title}; every {job.every}")
        typer.echo(f"{'':22} {_described(last, now)}")
    typer.echo("a runner is active" if is_active else "no runner is active")


def _described(last: ledger.JobRun | None, now: datetime) -> str:
    if last is None:
        return "never ran"
    began = f"{'OVERDUE, ' * last.is_overdue(now)}began {last.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if last.error is not None:
        return f"{began}, failed (times in a row: {last.failures}): {last.error}"
    if last.finished_at is None:
        return f"{began}, still running or interrupted"
    return f"{began}, succeeded: {', '.join(f'{name} {count}' for name, count in (last.figures or {}).items())}"


def _named(names: list[str] | None) -> list[Job]:
    known = {job.name: job for job in JOBS}
    if unknown := set(names or ()) - set(known):
        raise NotPossible(f"no such job: {', '.join(sorted(unknown))}. The jobs are {', '.join(known) or 'none'}")
    return [known[name] for name in names] if names else list(JOBS)
