"""`rencheng device`: who may speak, one device at a time. Lists of them: `device_lists`."""

from dataclasses import fields
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.broker import update_broker_accounts
from commands.database_access import open_engine, operator, transaction
from commands.devices import lists
from rencheng.devices.lifecycle import change_device, replace_device, retire_device, rotate_password
from rencheng.devices.registration import register_devices
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel, Topic
from rencheng.schemas.device import ChangeForm
from rencheng.schemas.findings import validation_findings
from rencheng.store.access import audit
from rencheng.store.registry.device_changes import succession
from rencheng.store.registry.devices import ensure_region, find_devices, load_directory

app = typer.Typer(help="Devices 设备: register, change, replace, retire; let in who is pending.", no_args_is_help=True)

DeviceId = Annotated[str, typer.Argument(help="Its name, which is also its broker account.")]
Site = Annotated[str | None, typer.Option(help="The site that it watches or serves.")]
CalledName = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Latitude = Annotated[float | None, typer.Option(help="Where it hangs.")]
Longitude = Annotated[float | None, typer.Option(help="Where it hangs.")]
Codec = Annotated[str | None, typer.Option(help="The format of its payloads; `json` unless given.")]
Gauge = Annotated[str | None, typer.Option(help="By which limits it is tested: `street`, `channel`, or one's own.")]
DepthMax = Annotated[float | None, typer.Option(help="A gauge's mounting height.")]
BlindZone = Annotated[float | None, typer.Option(help="How far before its face a gauge cannot measure.")]
NoReturn = Annotated[list[float] | None, typer.Option(help="A value that says `no echo`; may be given several times.")]
Receipts = Annotated[bool | None, typer.Option(help="Whether it waits to be told that its readings are stored.")]
Quota = Annotated[int | None, typer.Option(help="The most readings in a minute; the platform's limit unless given.")]


@app.command()
def add(
    device_id: DeviceId,
    kind: Annotated[Kind, typer.Option(help="Which family it belongs to.")],
    region: Annotated[str, typer.Option(help="Its district: a six-digit GB/T 2260 code, such as 370102.")],
    site: Site = None,
    name: CalledName = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    codec: Codec = None,
    gauge: Gauge = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
    receipts: Receipts = None,
    quota_per_minute: Quota = None,
) -> None:
    """Register a device, or give a registered one a new password. Prints its topic and its password, once."""
    options = (name, latitude, longitude, codec, gauge, depth_max_mm, blind_zone_mm, no_return_code, receipts)
    device = Device(device_id, kind, region, **_given(site, *options, quota_per_minute))
    with open_engine() as engine:
        with engine.begin() as connection:
            ensure_region(connection, region)
            audit.record(connection, operator(), "device.add", f"device {device_id}", {})
        password = register_devices(engine, [device])[device_id]
        update_broker_accounts(engine)
    _say_account(device, password)


@app.command("change")
def change_(
    device_id: DeviceId,
    kind: Annotated[Kind | None, typer.Option(help="Its family; only as long as nothing of it is stored.")] = None,
    region: Annotated[str | None, typer.Option(help="Its district; its topic changes with it.")] = None,
    site: Site = None,
    name: CalledName = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    codec: Codec = None,
    gauge: Gauge = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
    receipts: Receipts = None,
    quota_per_minute: Quota = None,
    clear: Annotated[list[str] | None, typer.Option(help="A field to be as if never said, such as site_id.")] = None,
) -> None:
    """Change what is known about a device. What is not named stays; ingest sees it at once."""
    options = (name, latitude, longitude, codec, gauge, depth_max_mm, blind_zone_mm, no_return_code, receipts)
    given = _given(site, *options, quota_per_minute)
    given |= {key: value for key, value in {"kind": kind, "region": region}.items() if value is not None}
    usual = {each.name: each.default for each in fields(Device)}
    for field in clear or []:
        if field not in ChangeForm.model_fields or field in {"kind", "region"}:
            raise NotPossible(
                f"{field!r} cannot be cleared; {', '.join(sorted(set(ChangeForm.model_fields)))} are fields"
            )
        given[field] = usual[field]
    with transaction() as connection:
        device = change_device(connection, device_id, given, actor=operator())
    typer.echo(f"topic     {Topic(device.region, device.kind, device_id, Channel.TELEMETRY)}")


@app.command()
def show(device_id: DeviceId) -> None:
    """Show what is known about a device, and who held its place before and after."""
    with transaction() as connection:
        device = find_devices(connection, [device_id]).get(device_id)
        line = succession(connection, device_id)
    if device is None:
        raise NotPossible(f"there is no device {device_id}; `rencheng device list` shows which there are")
    for field in fields(Device):
        if (value := getattr(device, field.name)) not in (None, "", ()):
            typer.echo(f"{field.name:18} {value}")
    if len(line) > 1:
        typer.echo(f"{'place held by':18} {' → '.join(row['device_id'] for row in line)}")


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


@app.command("rotate")
def rotate_(device_id: DeviceId) -> None:
    """Give a device another password, and print it, once. The old one ends now; its connection is cut."""
    with open_engine() as engine:
        with engine.begin() as connection:
            password = rotate_password(connection, device_id, actor=operator())
        update_broker_accounts(engine)
    typer.echo(f"password  {password}")


@app.command("replace")
def replace_(
    old: Annotated[str, typer.Argument(help="The device that goes.")],
    new: Annotated[str, typer.Argument(help="The name of the device that takes its place.")],
    name: CalledName = None,
    codec: Codec = None,
    gauge: Gauge = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
) -> None:
    """Let a new device take an old one's place: site, bindings and profile, but for what is said here.

    The old one is retired; its readings stay, under its own name and in the history of its site.
    """
    given = _given(None, name, None, None, codec, gauge, depth_max_mm, blind_zone_mm, no_return_code, None, None)
    with open_engine() as engine:
        with engine.begin() as connection:
            device, password = replace_device(connection, old, new, given, actor=operator())
        update_broker_accounts(engine)
    _say_account(device, password)


@app.command("retire")
def retire_(device_id: DeviceId) -> None:
    """Take a device out of service: its account ends, what it sends goes to quarantine. Its readings stay."""
    with open_engine() as engine:
        with engine.begin() as connection:
            retire_device(connection, device_id, actor=operator())
        update_broker_accounts(engine)


app.command("import")(lists.import_)
app.command("pending")(lists.pending)
app.command("admit")(lists.admit_)


def _given(
    site: str | None,
    name: str | None,
    latitude: float | None,
    longitude: float | None,
    codec: str | None,
    gauge: str | None,
    depth_max_mm: float | None,
    blind_zone_mm: float | None,
    no_return_codes: list[float] | None,
    receipts: bool | None,
    quota_per_minute: int | None,
) -> dict[str, Any]:
    """What was said on the command line, checked, as fields of a `Device`."""
    options = {
        "site_id": site,
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "codec": codec,
        "gauge": gauge,
        "depth_max_mm": depth_max_mm,
        "blind_zone_mm": blind_zone_mm,
        "no_return_codes": no_return_codes or None,
        "receipts": receipts,
        "quota_per_minute": quota_per_minute,
    }
    try:
        return ChangeForm(**{key: value for key, value in options.items() if value is not None}).given_fields()
    except ValidationError as error:
        raise NotPossible("; ".join(validation_findings(error, "device"))) from None


def _say_account(device: Device, password: str) -> None:
    typer.echo(f"topic     {Topic(device.region, device.kind, device.device_id, Channel.TELEMETRY)}")
    typer.echo(f"user      {device.device_id}")
    typer.echo(f"password  {password}")
