"""`rencheng actuator`: the devices that take commands."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.devices.actuators import save_actuator, take_out_of_service
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.response.commands.forms import ActuatorForm
from rencheng.response.commands.interlock import UNKNOWN
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.commands.actuators import list_actuators
from rencheng.store.commands.observed import newest_states

app = typer.Typer(
    help="Devices that take commands 可控设备: barriers, boards, pumps, piles, signals.", no_args_is_help=True
)

DeviceName = Annotated[str, typer.Argument(help="The device.")]


@app.command()
def add(
    device: DeviceName,
    kind: Annotated[
        ActuatorKind, typer.Option(help="Its kind. Piles, signals and gauges are registered as devices before.")
    ],
    region: Annotated[str, typer.Option(help="Its district, a six-digit GB/T 2260 code.")],
    site: Annotated[str | None, typer.Option(help="The site that it serves.")] = None,
    world: Annotated[str, typer.Option(help="`actual`, or the name of an exercise.")] = "actual",
    name: Annotated[str, typer.Option(help="A name for people.")] = "",
    verb: Annotated[
        list[Verb] | None, typer.Option(help="A command that it takes; can be repeated. Default: all.")
    ] = None,
) -> None:
    """Register or change a device, and print the password of its broker account, once."""
    try:
        form = ActuatorForm(
            device_id=device, kind=kind, region=region, site_id=site, world=world, name=name, verbs=tuple(verb or ())
        )
    except ValidationError as error:
        raise NotPossible(join_findings(validation_findings(error, device))) from None
    with transaction() as connection:
        password = save_actuator(connection, form, actor=operator())
    if password is None:
        typer.echo(f"{device} is registered")
    else:
        typer.echo(password)
        typer.echo(f"the account {device} has this password; store it now, it cannot be shown again", err=True)


@app.command()
def retire(device: DeviceName) -> None:
    """Retire a device: its account ends, and commands to it that were not sent are stopped."""
    with transaction() as connection:
        take_out_of_service(connection, device, actor=operator())
    typer.echo(f"{device} takes no more commands")


@app.command("list")
def list_() -> None:
    """Show the devices with what they reported last."""
    with transaction() as connection:
        found = list_actuators(connection)
        states = newest_states(connection, [each.device_id for each in found])
    table = Table("device", "kind", "region", "site", "world", "state", "since (Asia/Shanghai)", "takes", box=None)
    for each in found:
        state = states.get(each.device_id)
        since = f"{state.since.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}" if state else "–"
        shown = f"{state.state} {state.text}".strip() if state else UNKNOWN
        takes = ", ".join(sorted(each.verbs))
        table.add_row(each.device_id, each.kind, each.region, each.site_id or "–", each.world, shown, since, takes)
    Console().print(table)
