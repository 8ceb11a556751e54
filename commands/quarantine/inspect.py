"""`rencheng quarantine list`, `show`, `reasons`: what was rejected, and why."""

import codecs
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.database_access import limits, transaction
from commands.quarantine.filters import ByDevice, ByKind, ByReason, ByWorld, Since, Until, quarantine_filters
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.domain.remedies import REMEDIES
from rencheng.intake import IntakeResult
from rencheng.replay.attempt import attempt
from rencheng.store.quarantine.log import find_entry, list_entries
from rencheng.store.quarantine.replay import as_entry
from rencheng.store.registry.devices import find_devices

SHOWN_CHARACTERS = 60
HEX_BYTES_PER_LINE = 32


def list_rejected(
    reason: ByReason = None,
    device: ByDevice = None,
    kind: ByKind = None,
    world: ByWorld = None,
    since: Since = None,
    until: Until = None,
    replayed: Annotated[bool, typer.Option("--replayed", help="Show replayed entries instead of open ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of entries, newest first.")] = 50,
) -> None:
    """List rejected messages."""
    filters = quarantine_filters(
        reason=reason, device=device, kind=kind, world=world, since=since, until=until, replayed=replayed
    )
    with transaction() as connection:
        rows = list_entries(connection, filters, limit=limit)
    table = Table("number", "reason", "device", "last received", "times", "payload", "detail", box=None)
    for row in rows:
        received = f"{row['last_received_at'].astimezone():%Y-%m-%d %H:%M:%S}"
        payload = escape(_as_text(row["payload"])[:SHOWN_CHARACTERS])
        detail = escape(row["detail"][:SHOWN_CHARACTERS])
        cells = (row["device_id"] or "", received, str(row["times"]), payload, detail)
        table.add_row(str(row["quarantine_id"]), row["reason"], *cells)
    Console().print(table)


def show(number: Annotated[int, typer.Argument(help="The entry's number.")]) -> None:
    """Show one entry: its origin, its payload, and the result of intake today."""
    with transaction() as connection:
        row = find_entry(connection, number)
        if row is None:
            raise NotPossible(f"there is no entry {number}; `rencheng quarantine list` shows the open entries")
        entry = as_entry(row)
        directory = find_devices(connection, [entry.device_id or ""])
    for name in ("topic", "reason", "detail", "position", "times", "first_received_at", "last_received_at"):
        typer.echo(f"{name:18} {row[name]}")
    _print_remedy(entry.reason)
    if row["replayed_at"]:
        typer.echo(f"{'replayed':18} {row['replayed_at']} by {row['replayed_by']}: {row['replayed_as']}")
    typer.echo(f"payload, {row['payload_bytes']} bytes:\n{_as_text(entry.payload)}")
    _print_intake_result(attempt(entry, directory, limits(), now=datetime.now(UTC)))


def reasons() -> None:
    """Explain each reason of rejection, and its remedy."""
    for reason in REMEDIES:
        typer.echo(reason)
        _print_remedy(reason)


def _print_remedy(reason: RejectionReason) -> None:
    remedy = REMEDIES[reason]
    typer.echo(f"  {remedy.meaning_zh} {remedy.meaning_en}\n  → {remedy.remedy_zh}\n  → {remedy.remedy_en}")


def _print_intake_result(result: IntakeResult) -> None:
    typer.echo("today:")
    for reading in result.readings:
        fields = {name: value for name, value in asdict(reading).items() if value is not None}
        typer.echo(f"  would be accepted: {', '.join(f'{name} {value}' for name, value in fields.items())}")
    for rejection in result.rejections:
        where = "" if rejection.position < 0 else f" at position {rejection.position}"
        typer.echo(f"  would be rejected{where}: {rejection.reason}: {rejection.detail}")
    if result.state is not None:
        typer.echo(f"  would be accepted: {result.state}")


def _as_text(payload: bytes) -> str:
    """Return a payload as text, or in hexadecimal digits if it is not printable UTF-8."""
    try:
        text = codecs.decode(payload, "utf-8")
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and text:
        return text
    lines = range(0, len(payload), HEX_BYTES_PER_LINE)
    return "\n".join(payload[begin : begin + HEX_BYTES_PER_LINE].hex(" ") for begin in lines)
