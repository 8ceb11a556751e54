"""`rencheng mute`: silences, and maintenance that comes round every week."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.mute import Mute, Silence
from rencheng.domain.place import CITY_ZONE
from rencheng.schemas.findings import validation_findings
from rencheng.schemas.mute import WEEKDAYS, MaintenanceForm, SilenceForm, mute_form
from rencheng.store.access import audit
from rencheng.store.warnings.mutes import add_mute, end_mute, load_mutes

app = typer.Typer(help="Silences 静默 and maintenance 检修: what is recorded, and not delivered.", no_args_is_help=True)

Site = Annotated[str | None, typer.Option(help="Mute a site, …")]
Region = Annotated[str | None, typer.Option(help="… or all of a region (district, city or province code), …")]
Catchment = Annotated[str | None, typer.Option(help="… or of a catchment.")]
UpTo = Annotated[str, typer.Option(help="What rises above this level is heard all the same.")]
Reason = Annotated[str, typer.Option(help="Why, for those who wonder.")]
World = Annotated[str, typer.Option(help="`actual`, or the name of an exercise.")]


@app.command()
def silence(
    minutes: Annotated[int, typer.Option(min=1, help="For how long, from now on.")],
    reason: Reason,
    site: Site = None,
    region: Region = None,
    catchment: Catchment = None,
    up_to: UpTo = "blue",
) -> None:
    """Deliver nothing up to a level for a while. It is brought to mind before it ends."""
    now = datetime.now(UTC)
    span = {"begins_at": now, "ends_at": now + timedelta(minutes=minutes)}
    whom = {"site_id": site, "region": region, "catchment": catchment}
    _keep(_form(SilenceForm, whom | span | {"up_to": up_to, "reason": reason}).silence())


@app.command()
def maintenance(
    weekday: Annotated[list[str], typer.Option(help=f"{', '.join(WEEKDAYS)}; several times.")],
    begins: Annotated[str, typer.Option(help="Time of day in Asia/Shanghai, such as 22:30.")],
    minutes: Annotated[int, typer.Option(min=1, help="For how long.")],
    reason: Reason,
    site: Site = None,
    region: Region = None,
    catchment: Catchment = None,
    up_to: UpTo = "blue",
    world: World = ACTUAL,
) -> None:
    """Deliver nothing up to a level in a window that comes round every week."""
    whom = {"site_id": site, "region": region, "catchment": catchment, "world": world}
    when = {"weekdays": weekday, "begins": begins, "lasts_minutes": minutes}
    _keep(_form(MaintenanceForm, whom | when | {"up_to": up_to, "reason": reason}).maintenance())


@app.command()
def end(name: Annotated[str, typer.Argument(help="As the list shows it.")]) -> None:
    """End a silence or a maintenance window now. What it kept back and still stands is delivered."""
    with transaction() as connection:
        if not end_mute(connection, name):
            raise NotPossible(f"there is no {name} that has not ended; `rencheng mute list` shows which there are")
        audit.record(connection, operator(), "mute.end", name, {})
    typer.echo(f"{name} has ended")


@app.command("list")
def list_() -> None:
    """Show what is muted, or will be."""
    with transaction() as connection:
        mutes = load_mutes(connection, datetime.now(UTC))
    table = Table("name", "world", "whom", "up to", "when (Asia/Shanghai)", "why", "by", box=None)
    for mute, made_by in mutes:
        scope = mute.scope
        whom = scope.site_id or scope.region or scope.catchment
        table.add_row(mute.name, scope.world, whom, mute.up_to.word, _when(mute), mute.reason, made_by)
    Console().print(table)


def _when(mute: Mute) -> str:
    if isinstance(mute, Silence):
        return f"until {mute.ends_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
    days = ", ".join(WEEKDAYS[day] for day in sorted(mute.weekdays))
    return f"{days} {mute.begins:%H:%M}, {mute.lasts.total_seconds() / 60:g} min"


def _form(form: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401 - one of the two forms
    try:
        return form(**values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "mute"))) from None


def _keep(mute: Mute) -> None:
    with transaction() as connection:
        name = add_mute(connection, mute, operator())
        said = {key: str(value) for key, value in mute_form(mute).items() if value is not None}
        audit.record(connection, operator(), "mute.make", name, said)
    typer.echo(name)
