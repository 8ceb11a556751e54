"""`rencheng device`: who may speak."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.broker import tell_broker
from commands.opening import opened, transaction
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel, Topic
from rencheng.enrolment import enrol
from rencheng.store.devices import add_region, load_directory, retire

app = typer.Typer(help="Devices: register, list, retire.", no_args_is_help=True)


@app.command()
def add(
    device_id: Annotated[str, typer.Argument(help="Its name, which is also its broker account.")],
    kind: Annotated[Kind, typer.Option(help="Which family it belongs to.")],
    region: Annotated[str, typer.Option(help="Its district: a six-digit GB/T 2260 code, such as 370102.")],
    site: Annotated[str | None, typer.Option(help="The site that it watches or serves.")] = None,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    depth_max_mm: Annotated[float | None, typer.Option(help="A gauge's mounting height.")] = None,
) -> None:
    """Register a device, or give a registered one a new password. Prints its topic and its password, once."""
    device = Device(device_id, kind, region, site_id=site, name=name, depth_max_mm=depth_max_mm)
    with opened() as engine:
        with engine.begin() as connection:
            add_region(connection, region, region, region)
        password = enrol(engine, [device])[device_id]
        tell_broker(engine)
    typer.echo(f"topic     {Topic(region, kind, device_id, Channel.TELEMETRY)}")
    typer.echo(f"user      {device_id}")
    typer.echo(f"password  {password}")


@app.command("list")
def list_() -> None:
    """Show the registry."""
    with transaction() as connection:
        directory = load_directory(connection)
    table = Table("device", "kind", "region", "world", "site", "name", "state", box=None)
    for device in sorted(directory.values(), key=lambda device: device.device_id):
        state = "retired" if device.retired_at else "in service"
        where = (device.region, device.world, device.site_id or "")
        table.add_row(device.device_id, device.kind, *where, device.name, state)
    Console().print(table)


@app.command("retire")
def retire_(device_id: str) -> None:
    """Take a device out of service: its account ends, what it sends goes to quarantine. Its readings stay."""
    with opened() as engine:
        with engine.begin() as connection:
            if not retire(connection, device_id):
                raise NotPossible(f"no device {device_id} is in service; `rencheng device list` shows which are")
        tell_broker(engine)
