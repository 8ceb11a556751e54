"""`rencheng mute`: silences and weekly maintenance windows."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.mute import Mute, Silence
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.mutes import create_mute, finish_mute
from rencheng.schemas.findings import validation_findings
from rencheng.schemas.mute import WEEKDAYS, MaintenanceForm, SilenceForm
from rencheng.store.warnings.mutes import load_mutes

FormType = TypeVar("FormType", SilenceForm, MaintenanceForm)

app = typer.Typer(
    help="Silences 静默 and maintenance windows 检修: warnings are recorded and not delivered.", no_args_is_help=True
)

Site = Annotated[str | None, typer.Option(help="Mute one site …")]
Region = Annotated[str | None, typer.Option(help="… or a region (district, city or province code) …")]
Catchment = Annotated[str | None, typer.Option(help="… or a catchment.")]
UpTo = Annotated[str, typer.Option(help="Warnings above this level are delivered.")]
Reason = Annotated[str, typer.Option(help="The reason, shown in the list.")]
World = Annotated[str, typer.Option(help="`actual`, or the name of an exercise.")]


@app.command()
def silence(
    minutes: Annotated[int, typer.Option(min=1, help="Duration from now, minutes.")],
    reason: Reason,
    site: Site = None,
    region: Region = None,
    catchment: Catchment = None,
    up_to: UpTo = "blue",
) -> None:
    """Suppress warnings up to a level for a while. A reminder is sent before the silence ends."""
    now = datetime.now(UTC)
    span = {"begins_at": now, "ends_at": now + timedelta(minutes=minutes)}
    scope = {"site_id": site, "region": region, "catchment": catchment}
    _save(_form(SilenceForm, scope | span | {"up_to": up_to, "reason": reason}).to_silence())


@app.command()
def maintenance(
    weekday: Annotated[list[str], typer.Option(help=f"{', '.join(WEEKDAYS)}; can be repeated.")],
    begins: Annotated[str, typer.Option(help="Time of day in Asia/Shanghai, such as 22:30.")],
    minutes: Annotated[int, typer.Option(min=1, help="Duration, minutes.")],
    reason: Reason,
    site: Site = None,
    region: Region = None,
    catchment: Catchment = None,
    up_to: UpTo = "blue",
    world: World = ACTUAL,
) -> None:
    """Suppress warnings up to a level in a weekly window."""
    scope = {"site_id": site, "region": region, "catchment": catchment, "world": world}
    when = {"weekdays": weekday, "begins": begins, "lasts_minutes": minutes}
    _save(_form(MaintenanceForm, scope | when | {"up_to": up_to, "reason": reason}).to_maintenance())


@app.command()
def end(name: Annotated[str, typer.Argument(help="Its name in the list.")]) -> None:
    """End a silence or a maintenance window now. Suppressed warnings that are still in force are delivered."""
    with transaction() as connection:
        finish_mute(connection, name, actor=operator())
    typer.echo(f"{name} has ended")


@app.command("list")
def list_() -> None:
    """Show silences and maintenance windows in force or to come."""
    unreadable: list[str] = []
    with transaction() as connection:
        mutes = load_mutes(connection, datetime.now(UTC), on_invalid=lambda name, _: unreadable.append(name))
    table = Table("name", "world", "scope", "up to", "when (Asia/Shanghai)", "reason", "by", box=None)
    for mute, made_by in mutes:
        scope = mute.scope
        muted = scope.site_id or scope.region or scope.catchment
        table.add_row(mute.name, scope.world, muted, mute.up_to.word, _when(mute), mute.reason, made_by)
    Console().print(table)
    for name in unreadable:
        typer.echo(f"{name} cannot be read and mutes nothing; end it and create it again")


def _when(mute: Mute) -> str:
    if isinstance(mute, Silence):
        return f"until {mute.ends_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
    days = ", ".join(WEEKDAYS[day] for day in sorted(mute.weekdays))
    return f"{days} {mute.begins:%H:%M}, {mute.lasts.total_seconds() / 60:g} min"


def _form(form: type[FormType], values: dict[str, Any]) -> FormType:
    try:
        return form(**values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "mute"))) from None


def _save(mute: Mute) -> None:
    with transaction() as connection:
        name = create_mute(connection, mute, actor=operator())
    typer.echo(name)
