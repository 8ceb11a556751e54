"""`rencheng weather`: import rain signals, forecasts and nowcasts, by hand or from a script."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.cap.rain_signals import decode_document, read_signals
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.weather import in_force
from rencheng.operations import weather as operations
from rencheng.operations.weather import (
    accept_forecasts,
    accept_nowcasts,
    accept_signals,
    sites_of_nowcast,
    withdraw_signal,
)
from rencheng.operations.worlds import create_world
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.schemas.forecast import ForecastForm
from rencheng.schemas.nowcast import NowcastForm
from rencheng.store.relevant_weather import relevant_signals
from rencheng.store.weather import known_regions

REGIONS_SHOWN_MAX = 20

app = typer.Typer(help="Weather 气象: import rain signals, forecasts and nowcasts.", no_args_is_help=True)

World = Annotated[str, typer.Option(help="The world it applies to; `actual` accepts only messages with status Actual.")]


@app.command()
def signal(
    file: Annotated[Path, typer.Argument(help="CAP 1.2, or the national message form.")], world: World = ACTUAL
) -> None:
    """Import a rain signal 暴雨预警信号."""
    xml = decode_document(_bytes(file))
    signals = read_signals(xml, world=world, received_at=datetime.now(UTC))
    with transaction() as connection:
        create_world(connection, world, world, actor=operator())
        if not accept_signals(connection, signals, xml, actor=operator()):
            typer.echo(f"{signals[0].identifier}: already imported")
            return
        _, unknown = known_regions(connection, [code for each in signals for code in each.regions])
    for each in signals:
        end = "ends" if each.ends else f"until {each.expires_at.isoformat()}"
        typer.echo(f"{each.identifier}: {each.message_type} {each.level.word} for {_listed(each.regions)} {end}")
    if unknown:
        typer.echo(f"no region is registered in {_listed(unknown)}: the signal has no effect there")


@app.command()
def withdraw(
    identifier: Annotated[str, typer.Argument(help="The identifier of the message; `rencheng weather list` shows it.")],
    world: World = ACTUAL,
) -> None:
    """Withdraw a rain signal that was accepted in error."""
    with transaction() as connection:
        withdraw_signal(connection, identifier, world, actor=operator())
    typer.echo(f"{identifier} is withdrawn")


@app.command()
def forecast(file: Annotated[Path, typer.Argument(help="A JSON list; docs/how-to/weather.md shows one.")]) -> None:
    """Import rain forecasts."""
    try:
        forms = TypeAdapter(list[ForecastForm]).validate_json(_bytes(file))
    except ValidationError as error:
        findings = [f"{file.name}: {finding}" for finding in validation_findings(error, "forecast")]
        raise NotPossible(join_findings(findings, "nothing was stored")) from None
    with transaction() as connection:
        for world in {form.world for form in forms}:
            create_world(connection, world, world, actor=operator())
        new = accept_forecasts(connection, [form.to_forecast() for form in forms], actor=operator())
    typer.echo(f"{new} of {len(forms)} forecasts are new")


@app.command()
def nowcast(file: Annotated[Path, typer.Argument(help="A JSON object; docs/how-to/weather.md shows one.")]) -> None:
    """Import a nowcast: the rain of the next minutes, by site or as a grid."""
    try:
        form = NowcastForm.model_validate_json(_bytes(file))
    except ValidationError as error:
        findings = [f"{file.name}: {finding}" for finding in validation_findings(error, "nowcast")]
        raise NotPossible(join_findings(findings, "nothing was stored")) from None
    with transaction() as connection:
        sites = sites_of_nowcast(connection, [each.site_id for each in form.sites], form.world)
        at_sites = list(form.at_sites(sites))
        new = accept_nowcasts(connection, at_sites, actor=operator())
    typer.echo(f"{len(at_sites)} sites have a nowcast, {new} of them a new one")


@app.command()
def withdraw_forecasts(
    source: Annotated[str, typer.Argument(help="The source that the forecasts name.")],
    region: Annotated[str | None, typer.Option(help="Only of this region.")] = None,
    world: World = ACTUAL,
) -> None:
    """Withdraw the forecasts of a source. A later issue counts again."""
    with transaction() as connection:
        withdrawn = len(operations.withdraw_forecasts(connection, world, source, region, actor=operator()))
    typer.echo(f"{withdrawn} forecasts are withdrawn")


@app.command("list")
def list_(world: World = ACTUAL) -> None:
    """Show the rain signals in force; in an exercise, by the time of its newest signal."""
    now = datetime.now(UTC)
    unreadable: list[str] = []
    with transaction() as connection:
        signals = relevant_signals(connection, now, world=world, on_invalid=lambda name, _: unreadable.append(name))
    at = now if world == ACTUAL else max((each.sent_at for each in signals), default=now)
    table = Table("signal", "colour", "regions", "until", "headline", box=None)
    for each in in_force(signals, at):
        table.add_row(
            each.identifier, each.level.word, _listed(each.regions), each.expires_at.isoformat(), each.headline
        )
    Console().print(table)
    for name in unreadable:
        typer.echo(f"{name} cannot be read and does not count; withdraw it")


def _listed(codes: Sequence[str]) -> str:
    shown = ", ".join(codes[:REGIONS_SHOWN_MAX])
    return f"{shown} and {len(codes) - REGIONS_SHOWN_MAX} more" if len(codes) > REGIONS_SHOWN_MAX else shown


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotPossible(f"{file}: {error}") from None
