"""`rencheng workers`: how many slots of ingest write at the same time."""

from typing import Annotated

import typer

from commands.context import transaction
from rencheng.store.accounting.writer_count import WRITERS_MAX, set_writer_count, writer_count


def workers(
    number: Annotated[
        int | None, typer.Argument(min=1, max=WRITERS_MAX, help="How many; shows what was asked for last if left out.")
    ] = None,
) -> None:
    """Have ingest work with so many slots, more or fewer, while it runs: it settles what it holds, then goes on."""
    with transaction() as connection:
        if number is None:
            asked = writer_count(connection)
            typer.echo(f"{asked} slots" if asked else "nobody asked; RENCHENG_INGEST_WRITERS holds, 1 if it is not set")
        else:
            set_writer_count(connection, number)
            typer.echo(f"{number} slots; ingest changes over within a few seconds")
