"""`rencheng weather`: import rain signals and forecasts, by hand or from a script."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.cap.rain_signals import read_signal
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.weather import in_force
from rencheng.operations.weather import accept_forecasts, accept_signal
from rencheng.operations.worlds import create_world
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.schemas.forecast import ForecastForm
from rencheng.store.weather import relevant_signals

app = typer.Typer(help="Weather 气象: import rain signals and forecasts.", no_args_is_help=True)

World = Annotated[str, typer.Option(help="The world it applies to; `actual` accepts only messages with status Actual.")]


@app.command()
def signal(
    file: Annotated[Path, typer.Argument(help="CAP 1.2, or the national message form.")], world: World = ACTUAL
) -> None:
    """Import a rain signal 暴雨预警信号."""
    xml = _text(file)
    received = read_signal(xml, world=world)
    with transaction() as connection:
        create_world(connection, world, world, actor=operator())
        new = accept_signal(connection, received, xml, actor=operator())
    summary = (
        f"{received.message_type} {received.level.word} for {', '.join(received.regions)}"
        f" until {received.expires_at.isoformat()}"
    )
    typer.echo(f"{received.identifier}: {summary}" if new else f"{received.identifier}: already imported")


@app.command()
def forecast(file: Annotated[Path, typer.Argument(help="A JSON list; docs/how-to/weather.md shows one.")]) -> None:
    """Import rain forecasts."""
    try:
        forms = TypeAdapter(list[ForecastForm]).validate_json(_text(file))
    except ValidationError as error:
        findings = [f"{file.name}: {finding}" for finding in validation_findings(error, "forecast")]
        raise NotPossible(join_findings(findings, "nothing was stored")) from None
    with transaction() as connection:
        for world in {form.world for form in forms}:
            create_world(connection, world, world, actor=operator())
        new = accept_forecasts(connection, [form.to_forecast() for form in forms], actor=operator())
    typer.echo(f"{new} of {len(forms)} forecasts are new")


@app.command("list")
def list_() -> None:
    """Show the rain signals in force in the world `actual`."""
    now = datetime.now(UTC)
    with transaction() as connection:
        signals = [each for each in relevant_signals(connection, now) if each.world == ACTUAL]
    table = Table("signal", "colour", "regions", "until", "headline", box=None)
    for each in in_force(signals, now):
        table.add_row(
            each.identifier, each.level.word, ", ".join(each.regions), each.expires_at.isoformat(), each.headline
        )
    Console().print(table)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotPossible(f"{file}: {error}") from None
