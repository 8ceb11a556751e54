"""`rencheng writers`: the number of writers that ingest runs in parallel."""

from typing import Annotated

import typer

from commands.database_access import operator, transaction
from rencheng.operations.platform import change_writers
from rencheng.store.accounting.writer_count import WRITERS_MAX, writer_count


def writers(
    number: Annotated[
        int | None,
        typer.Argument(min=1, max=WRITERS_MAX, help="How many writers. Without it, show the number set last."),
    ] = None,
) -> None:
    """Set how many writers ingest runs. Ingest changes over while it runs, after the current batches."""
    with transaction() as connection:
        if number is None:
            requested = writer_count(connection)
            typer.echo(
                f"{requested} writers" if requested else "not set; RENCHENG_INGEST_WRITERS applies (1 if it is not set)"
            )
        else:
            change_writers(connection, number, actor=operator())
            typer.echo(f"{number} writers; ingest changes over within a few seconds")
