"""`rencheng device import`, `pending`, `admit`: several devices at once."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from commands.broker import update_broker_accounts
from commands.confirm import Confirm
from commands.database_access import limits, open_engine, operator, transaction
from commands.password_file import password_writer
from commands.progress_bar import progress_bar
from rencheng.devices.onboarding import onboard_devices
from rencheng.devices.registration import register_forms
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.device import read_devices
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.pending_devices import list_pending

PasswordsOption = Annotated[
    Path | None, typer.Option(help="A new file (CSV) for the passwords of new devices, readable by you only.")
]

ALL_MAX = 1_000_000

PRINTED_PASSWORDS_MAX = 20
"""More passwords than this do not fit on a screen, and need a file."""


def import_devices(
    file: Annotated[Path, typer.Argument(help="CSV: device_id, kind, region, and any other field.", exists=True)],
    passwords: PasswordsOption = None,
    check: Annotated[bool, typer.Option("--check", help="Check the file and change nothing.")] = False,
    confirm: Confirm = False,
) -> None:
    """Register the devices of a CSV file, all or none. It can be repeated: known devices keep their passwords."""
    forms = read_devices(file.read_bytes(), file.name)
    with open_engine() as engine:
        with (
            password_writer(None if check else passwords, shown_max=len(forms) if check else 0) as write_passwords,
            progress_bar("hashing passwords", len(forms)) as show_hashed,
            engine.connect() as connection,
        ):
            result = register_forms(
                connection,
                forms,
                actor=operator(),
                confirm=confirm,
                on_passwords=write_passwords,
                on_hashed=show_hashed,
            )
            if not check:
                connection.commit()
        if not check and (result.passwords or result.changed):
            update_broker_accounts(engine)
    counts = f"{len(result.passwords)} new, {len(result.changed)} changed, {result.unchanged} unchanged"
    typer.echo(f"{file.name}: {counts}" + ("; check only, nothing was changed" if check else ""))


def show_pending(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of devices.")] = 100,
) -> None:
    """Show pending devices: unregistered devices that sent messages. Their messages wait in quarantine."""
    with transaction() as connection:
        pending = list_pending(connection, limit=limit)
    table = Table("device", "kind", "region", "messages", "since", "last", box=None)
    for device in pending:
        times = [f"{at.astimezone():%Y-%m-%d %H:%M}" for at in (device.first_received_at, device.last_received_at)]
        ambiguous = f" (one of {device.addresses} addresses)" if device.addresses > 1 else ""
        table.add_row(device.device_id, device.kind, device.region + ambiguous, str(device.messages), *times)
    Console().print(table)


def admit_pending(
    device_ids: Annotated[list[str] | None, typer.Argument(help="The pending devices to register.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All pending devices. Look at the list first.")] = False,
    passwords: PasswordsOption = None,
    kind: Annotated[Kind | None, typer.Option(help="The kind, if the device's topics do not agree.")] = None,
    region: Annotated[str | None, typer.Option(help="The district, if the device's topics do not agree.")] = None,
    world: Annotated[str | None, typer.Option(help="The exercise that the device belongs to.")] = None,
    site: Annotated[str | None, typer.Option(help="The site that the device watches or serves.")] = None,
    codec: Annotated[str | None, typer.Option(help="The format of its payloads.")] = None,
) -> None:
    """Register pending devices with the kind and region of their topics, and store what they sent."""
    if bool(device_ids) == everyone:
        raise NotPossible("name the devices, or give --all")
    options = {"kind": kind, "region": region, "world": world, "site_id": site, "codec": codec}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    with open_engine() as engine:
        create_staging_on_connect(engine)
        with engine.connect() as connection:
            names = device_ids or [device.device_id for device in list_pending(connection, limit=ALL_MAX)]
        with password_writer(passwords, shown_max=PRINTED_PASSWORDS_MAX) as write_passwords:
            result = onboard_devices(
                engine, names, given, limits=limits(), actor=operator(), on_passwords=write_passwords
            )
        update_broker_accounts(engine)
    if passwords is None:
        for name, password in result.passwords.items():
            typer.echo(f"user      {name}\npassword  {password}")
    counts = result.replayed.counts
    typer.echo(
        f"{len(result.passwords)} admitted; of their earlier readings {counts.stored} were stored,"
        f" {counts.duplicate} were duplicates, {counts.quarantined} were rejected for another reason"
    )
