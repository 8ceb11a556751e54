"""`rencheng quality`: quality flags of stored readings, and the limits."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import open_engine, operator, transaction
from rencheng import series_quality
from rencheng.operations.platform import record_run
from rencheng.runtime.settings import QualitySettings
from rencheng.store.quality import flags_of

app = typer.Typer(help="Quality of readings: test stored readings, show flags, show limits.", no_args_is_help=True)


@app.command("run")
def run_() -> None:
    """Test the readings stored since the last run. The jobs do this every five minutes."""
    limits = QualitySettings.load().gauge_limits
    with open_engine() as engine:
        record_run(engine, ["quality.series"], actor=operator())
        figures = series_quality.run(engine, datetime.now(UTC), limits)
    typer.echo("{samples} samples of {gauges} gauges, {flagged} flagged".format(**figures))


@app.command()
def show(
    device_id: Annotated[str, typer.Argument(help="The gauge.")],
    hours: Annotated[float, typer.Option(help="How many hours back.", min=0)] = 24.0,
) -> None:
    """Show the quality flags that the series tests gave a gauge's readings."""
    now = datetime.now(UTC)
    with transaction() as connection:
        found = flags_of(connection, device_id, start=now - timedelta(hours=hours), end=now + timedelta(hours=1))
    table = Table("time", "channel", "flags", box=None)
    for one in found:
        names = ", ".join(flag.name.lower() for flag in one.flags if flag.name)
        table.add_row(one.time.astimezone().isoformat(), str(one.channel), names)
    Console().print(table)


@app.command()
def limits() -> None:
    """Show the limits of each kind of gauge, with their sources."""
    table = Table("kind", "limit", "value", "source", box=None)
    for kind, of_kind in sorted(QualitySettings.load().gauge_limits.items()):
        for group in (of_kind.sample, of_kind.series):
            for name in (one.name for one in fields(group) if one.name != "sources"):
                table.add_row(kind, name, f"{getattr(group, name):g}", group.sources[name])
    Console(width=200).print(table)
