"""`python -m benchmarks.chaos`: two hundred kills and forty restarts under load, and an audit by key."""

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
    seed: Annotated[int, typer.Option(help="the same seed gives the same load and the same faults")] = 1,
    seconds: float = 1800,
    per_s: Annotated[float, typer.Option(help="messages a second")] = 3000,
    worker_kills: int = 200,
    database_restarts: int = 20,
    broker_restarts: int = 20,
    broker_kills: Annotated[
        int, typer.Option(help="kill -9 of the broker: what only it held is lost, and counted")
    ] = 0,
) -> None:
    """End processes at random under load; exit code 1 if a key is lost or doubled that may not be."""
    began_s = time.monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:7.1f} s  {what}\n")

    dose = FaultPlan(seconds, worker_kills, database_restarts, broker_restarts, broker_kills)
    proof = run_chaos(seed, dose, per_s=per_s, tell=tell)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "report.json").write_text(json.dumps(as_document(proof), indent=2))
    Console().print(_table(proof))
    # a broker that is killed loses what only it held: no promise of ingest's, and here it is counted
    raise typer.Exit(0 if proof.holds or (broker_kills and not proof.audit.duplicated) else 1)


def _table(proof: ChaosReport) -> Table:
    table = Table("chaos", f"seed {proof.seed}, {proof.seconds:.0f} s", box=None)
    for fault, times in sorted(proof.faults.items()):
        table.add_row(fault, f"{times}")
    table.add_row("receivers, writers killed", f"{proof.receivers_killed}, {proof.writers_killed}")
    table.add_row("longest time without rows", f"{proof.longest_standstill_s:.1f} s")
    table.add_row("published, not confirmed", f"{proof.published}, {proof.unconfirmed}")
    account = proof.account
    settled = f"{account.stored} + {account.duplicate} + {account.quarantined}"
    table.add_row("stored + duplicate + quarantined", settled)
    found = proof.audit
    table.add_row("different keys", f"{found.keys}")
    table.add_row("lost", f"{found.lost} readings, {found.not_quarantined} refused messages")
    table.add_row("doubled, out of nowhere", f"{found.duplicated}, {found.unexpected}")
    table.add_row("the account adds up", "yes" if proof.adds_up else "no")
    return table


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(chaos)
    app()
