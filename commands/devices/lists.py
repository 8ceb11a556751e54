"""`rencheng device import`, `pending`, `admit`: many devices at once."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from commands.broker import update_broker_accounts
from commands.database_access import limits, open_engine, operator, transaction
from rencheng.devices.onboarding import onboard_devices
from rencheng.devices.registration import register_forms
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.device import read_devices
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.pending_devices import list_pending

Passwords = Annotated[
    Path | None, typer.Option(help="A new file, for your eyes alone, for the new devices' passwords (CSV).")
]

ALL_MAX = 1_000_000

FEW = 20
"""So many passwords fit on a screen."""


def import_(
    file: Annotated[Path, typer.Argument(help="CSV: device_id, kind, region, and any other field.", exists=True)],
    passwords: Passwords = None,
    check: Annotated[bool, typer.Option("--check", help="Only look whether it could be done.")] = False,
) -> None:
    """Register the devices of a CSV file, all or none. Twice is harmless: who is known keeps the password."""
    forms = read_devices(file.read_bytes(), file.name)
    with open_engine() as engine:
        with (
            _kept(None if check else passwords, few_max=len(forms) if check else 0) as keep,
            _bar("hashing passwords", len(forms)) as say,
            engine.connect() as connection,
        ):
            enrolled = register_forms(connection, forms, actor=operator(), on_passwords=keep, on_hashed=say)
            if not check:
                connection.commit()
        if not check and (enrolled.passwords or enrolled.changed):
            update_broker_accounts(engine)
    what = f"{len(enrolled.passwords)} new, {len(enrolled.changed)} changed, {enrolled.unchanged} as they were"
    typer.echo(f"{file.name}: {what}" + ("; nothing was done yet" if check else ""))


def pending(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most devices.")] = 100,
) -> None:
    """Show the devices that nobody registered and that spoke all the same; what they sent waits in quarantine."""
    with transaction() as connection:
        strangers = list_pending(connection, limit=limit)
    table = Table("device", "kind", "region", "messages", "since", "last", box=None)
    for each in strangers:
        times = [f"{moment.astimezone():%Y-%m-%d %H:%M}" for moment in (each.first_received_at, each.last_received_at)]
        odd = f" (one of {each.addresses} addresses)" if each.addresses > 1 else ""
        table.add_row(each.device_id, each.kind, each.region + odd, str(each.messages), *times)
    Console().print(table)


def admit_(
    device_ids: Annotated[list[str] | None, typer.Argument(help="Which of the pending devices.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All that are pending. Look at them first.")] = False,
    passwords: Passwords = None,
    kind: Annotated[Kind | None, typer.Option(help="Its family, if its topics do not agree.")] = None,
    region: Annotated[str | None, typer.Option(help="Its district, if its topics do not agree.")] = None,
    world: Annotated[str | None, typer.Option(help="The exercise in which it plays.")] = None,
    site: Annotated[str | None, typer.Option(help="The site that it watches or serves.")] = None,
    codec: Annotated[str | None, typer.Option(help="The format of its payloads.")] = None,
) -> None:
    """Register pending devices as what their topics say they are, and take in what they sent."""
    if bool(device_ids) == everyone:
        raise NotPossible("name the devices, or say --all")
    said = {"kind": kind, "region": region, "world": world, "site_id": site, "codec": codec}
    given: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    with open_engine() as engine:
        create_staging_on_connect(engine)
        with engine.connect() as connection:
            names = device_ids or [each.device_id for each in list_pending(connection, limit=ALL_MAX)]
        with _kept(passwords, few_max=FEW) as keep:
            done = onboard_devices(engine, names, given, limits=limits(), actor=operator(), on_passwords=keep)
        update_broker_accounts(engine)
    if passwords is None:
        for name, password in done.passwords.items():
            typer.echo(f"user      {name}\npassword  {password}")
    became = done.replayed.counts
    typer.echo(
        f"{len(done.passwords)} admitted; of what they sent {became.stored} readings were stored,"
        f" {became.duplicate} were known, {became.quarantined} refused for another reason"
    )


@contextmanager
def _kept(file: Path | None, *, few_max: int) -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Writes new passwords down before they are committed: committed and lost would be worse than the other way round.

    Without a file, up to `few_max` of them are left to be shown.
    """
    written: list[Path] = []

    def keep(new: Mapping[str, str]) -> None:
        if not new or (file is None and len(new) <= few_max):
            return
        if file is None:
            raise NotPossible(f"{len(new):,} passwords are made: say with --passwords FILE where to keep them")
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise NotPossible(f"{file} cannot be made: {error.strerror}; nothing was registered") from None
        written.append(file)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["device_id", "password"])
            rows.writerows(new.items())
            out.flush()
            os.fsync(out.fileno())

    try:
        yield keep
    except BaseException:
        for each in written:
            each.unlink()
        raise


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
