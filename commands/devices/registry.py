"""`rencheng device add`, `change`, `show`, `list`: one device in the registry."""

from dataclasses import fields
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.broker import update_broker_accounts
from commands.confirm import Confirm
from commands.database_access import open_engine, operator, transaction
from commands.devices.options import (
    BlindZone,
    CodecOption,
    DepthMax,
    DeviceId,
    GaugeOption,
    Latitude,
    Longitude,
    NameOption,
    NoReturn,
    Quota,
    Receipts,
    SiteOption,
    TraitOption,
    device_fields,
    print_account,
)
from rencheng.devices.lifecycle import change_device
from rencheng.devices.registration import device_values, register_devices
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel, Topic
from rencheng.schemas.device import ChangeForm
from rencheng.store.access import audit
from rencheng.store.registry.device_changes import succession
from rencheng.store.registry.devices import ensure_region, find_devices, load_directory
from rencheng.store.registry.monitoring import monitoring_of_gauge


def add(
    device_id: DeviceId,
    kind: Annotated[Kind, typer.Option(help="The device's kind.")],
    region: Annotated[str, typer.Option(help="Its district: a six-digit GB/T 2260 code, such as 370102.")],
    site: SiteOption = None,
    name: NameOption = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    codec: CodecOption = None,
    gauge: GaugeOption = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
    trait: TraitOption = None,
    receipts: Receipts = None,
    quota_per_minute: Quota = None,
) -> None:
    """Register a device, or give a registered one a new password. Print its topic, user and password, once."""
    given = device_fields(
        site_id=site,
        name=name,
        latitude=latitude,
        longitude=longitude,
        codec=codec,
        gauge=gauge,
        depth_max_mm=depth_max_mm,
        blind_zone_mm=blind_zone_mm,
        no_return_codes=no_return_code,
        traits=trait,
        receipts=receipts,
        quota_per_minute=quota_per_minute,
    )
    device = Device(device_id, kind, region, **given)
    with open_engine() as engine:
        with engine.begin() as connection:
            ensure_region(connection, region)
            detail = {"after": device_values(device)}
            audit.record(connection, operator(), "device.add", f"device {device_id}", detail)
        password = register_devices(engine, [device])[device_id]
        update_broker_accounts(engine)
    print_account(device, password)


def change(
    device_id: DeviceId,
    kind: Annotated[Kind | None, typer.Option(help="Its kind; only while no reading of it is stored.")] = None,
    region: Annotated[str | None, typer.Option(help="Its district; the topic changes with it.")] = None,
    site: SiteOption = None,
    name: NameOption = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    codec: CodecOption = None,
    gauge: GaugeOption = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
    trait: TraitOption = None,
    receipts: Receipts = None,
    quota_per_minute: Quota = None,
    clear: Annotated[list[str] | None, typer.Option(help="A field to reset to its default, such as site_id.")] = None,
    confirm: Confirm = False,
) -> None:
    """Change a registered device. Options that are not given stay as they are; ingest applies the change at once."""
    given = device_fields(
        kind=kind,
        region=region,
        site_id=site,
        name=name,
        latitude=latitude,
        longitude=longitude,
        codec=codec,
        gauge=gauge,
        depth_max_mm=depth_max_mm,
        blind_zone_mm=blind_zone_mm,
        no_return_codes=no_return_code,
        traits=trait,
        receipts=receipts,
        quota_per_minute=quota_per_minute,
    )
    defaults = {each.name: each.default for each in fields(Device)}
    for field in clear or []:
        if field not in ChangeForm.model_fields or field in {"kind", "region"}:
            names = ", ".join(sorted(set(ChangeForm.model_fields) - {"kind", "region"}))
            raise NotPossible(f"{field!r} cannot be cleared; the fields that can are {names}")
        given[field] = defaults[field]
    with transaction() as connection:
        device = change_device(connection, device_id, given, actor=operator(), confirm=confirm)
    typer.echo(f"topic     {Topic(device.region, device.kind, device_id, Channel.TELEMETRY)}")


def show(device_id: DeviceId) -> None:
    """Show a device with its predecessors and successors."""
    with transaction() as connection:
        device = find_devices(connection, [device_id]).get(device_id)
        chain = succession(connection, device_id)
        monitored = monitoring_of_gauge(connection, device) if device else None
    if device is None:
        raise NotPossible(f"there is no device {device_id}; `rencheng device list` shows all devices")
    for field in fields(Device):
        if (value := getattr(device, field.name)) not in (None, "", ()):
            typer.echo(f"{field.name:18} {value}")
    if monitored is not None:
        lag = "" if monitored.lag_s is None else f", {monitored.lag_s:.0f} s after the sample time"
        typer.echo(f"{'monitoring':18} {'ok' if monitored.has_data else f'no data: {monitored.reason}{lag}'}")
    if len(chain) > 1:
        typer.echo(f"{'place held by':18} {' → '.join(row['device_id'] for row in chain)}")


def list_devices() -> None:
    """Show the registry."""
    with transaction() as connection:
        directory = load_directory(connection)
    table = Table("device", "kind", "region", "world", "site", "name", "state", box=None)
    for device in sorted(directory.values(), key=lambda device: device.device_id):
        state = "retired" if device.retired_at else "in service"
        table.add_row(
            device.device_id, device.kind, device.region, device.world, device.site_id or "", device.name, state
        )
    Console().print(table)
