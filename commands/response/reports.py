"""`rencheng report`: what happened in an event, from the rows alone."""

import json
from pathlib import Path
from typing import Annotated

import typer

from commands.database_access import operator, transaction
from commands.files import write_lines
from rencheng.operations.reports import make_report

app = typer.Typer(help="Event reports 复盘.", no_args_is_help=True)


@app.callback()
def _reports() -> None:
    """Make event reports."""


@app.command()
def event(
    warning: Annotated[str, typer.Argument(help="The warning.")],
    file: Annotated[Path, typer.Argument(help="The file to write: .json as data, any other name as HTML for print.")],
    well: Annotated[str, typer.Option(help="What went well.")] = "",
    badly: Annotated[str, typer.Option(help="What did not.")] = "",
    causes: Annotated[str, typer.Option(help="Causes.")] = "",
) -> None:
    """Make a version of the report of a warning, if anything has changed, and write it to a file."""
    remarks = {"well": well, "badly": badly, "causes": causes}
    with transaction() as connection:
        made = make_report(connection, warning, remarks, actor=operator())
    text = json.dumps(made["document"], ensure_ascii=False, indent=1) if file.suffix == ".json" else made["page"]
    write_lines(file, text.splitlines())
    margin = made["document"]["measures"]["margin"]
    seconds = margin["seconds"]
    headline = f"missing: {', '.join(margin['missing'])}" if seconds is None else f"{seconds:.0f} s"
    typer.echo(f"{file}: version {made['version']}, closed before the water by: {headline}")
