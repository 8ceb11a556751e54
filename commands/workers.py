"""`rencheng workers`: how many slots of ingest write at the same time."""

from typing import Annotated

import typer

from commands.context import transaction
from rencheng.store.accounting.writer_count import SLOTS_MAX, want_slots, wanted_slots


def workers(
    number: Annotated[
        int | None, typer.Argument(min=1, max=SLOTS_MAX, help="How many; shows what was asked for last if left out.")
    ] = None,
) -> None:
    """Have ingest work with so many slots, more or fewer, while it runs: it settles what it holds, then goes on."""
    with transaction() as connection:
        if number is None:
            asked = wanted_slots(connection)
            typer.echo(f"{asked} slots" if asked else "nobody asked; RENCHENG_INGEST_WORKERS holds, 1 if it is not set")
        else:
            want_slots(connection, number)
            typer.echo(f"{number} slots; ingest changes over within a few seconds")
