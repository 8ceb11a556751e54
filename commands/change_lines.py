"""What an import would change, as text."""

from collections.abc import Mapping, Sequence

import typer


def print_changes(changes: Mapping[str, Sequence[str]]) -> None:
    """Print the changes by name. Nothing was written."""
    for name, lines in changes.items():
        for line in lines or ("as it is",):
            typer.echo(f"{name}: {line}")
    typer.echo("nothing is written")
