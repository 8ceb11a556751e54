"""`make chaos`: two hundred kills and forty restarts under load, then an audit by key."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.chaos.fault_schedule import FaultPlan
from benchmarks.chaos.run import ChaosReport, as_document, run_chaos

BUILD = Path("build/chaos")


def chaos(
    *,
    seed: Annotated[int, typer.Option(help="the same seed gives the same load and faults")] = 1,
    seconds: float = 1800,
    per_s: Annotated[float, typer.Option(help="messages per second")] = 3000,
    ingest_kills: int = 200,
    database_restarts: int = 20,
    broker_restarts: int = 20,
    broker_kills: Annotated[
        int, typer.Option(help="SIGKILL of the broker: messages that only the broker had are lost, and counted")
    ] = 0,
) -> None:
    """Kill and restart processes at random under load. Exit status 1 if a key is lost or duplicated."""
    began_s = time.monotonic()

    def report(progress: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:7.1f} s  {progress}\n")

    plan = FaultPlan(seconds, ingest_kills, database_restarts, broker_restarts, broker_kills)
    result = run_chaos(seed, plan, per_s=per_s, report=report)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "report.json").write_text(json.dumps(as_document(result), indent=2))
    Console().print(_table(result))
    # a killed broker loses the messages that only it had; they are counted, and are no fault of ingest
    raise typer.Exit(0 if result.holds or (broker_kills and not result.audit.duplicated) else 1)


def _table(result: ChaosReport) -> Table:
    table = Table("chaos", f"seed {result.seed}, {result.seconds:.0f} s", box=None)
    for fault, times in sorted(result.faults.items()):
        table.add_row(fault, f"{times}")
    table.add_row("receivers, writers killed", f"{result.receivers_killed}, {result.writers_killed}")
    table.add_row("longest time without new rows", f"{result.longest_standstill_s:.1f} s")
    table.add_row("published, unconfirmed", f"{result.published}, {result.unconfirmed}")
    counts = result.counts
    settled = f"{counts.stored} + {counts.duplicate} + {counts.quarantined}"
    table.add_row("stored + duplicate + quarantined", settled)
    found = result.audit
    table.add_row("different keys", f"{found.keys}")
    table.add_row("lost", f"{found.lost} readings, {found.not_quarantined} rejected messages")
    table.add_row("duplicated, unexpected", f"{found.duplicated}, {found.unexpected}")
    table.add_row("counts match the rows", "yes" if result.adds_up else "no")
    return table


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(chaos)
    app()
