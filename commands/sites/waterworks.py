"""`rencheng site pump`, `rencheng site tides`: what is known of the pumps and of the tide at a site."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from commands.database_access import operator, transaction
from commands.sites.lookup import SiteId
from rencheng.domain.errors import NotPossible
from rencheng.domain.waterworks import PumpState
from rencheng.operations.waterworks import accept_tides, report_pump
from rencheng.schemas.findings import validation_findings
from rencheng.schemas.waterworks import PumpForm, TideForm


def pump(
    site_id: SiteId,
    name: Annotated[str, typer.Argument(help="The pump, by its name at the site.")],
    state: PumpState,
    hours: Annotated[float, typer.Option(min=0.1, max=720, help="How long the report counts.")] = 12.0,
    note: Annotated[str, typer.Option(help="A note for the audit log.")] = "",
) -> None:
    """Report that a pump runs, stopped or failed."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    try:
        form = PumpForm(pump=name, state=state, until=until, note=note)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "pump"))) from None
    with transaction() as connection:
        report_pump(connection, site_id, form, actor=operator())
    typer.echo(f"pump {name} of {site_id}: {state.value}, for {hours:g} h")


def tides(
    site_id: SiteId,
    table: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A tide table, as the API takes it.")],
) -> None:
    """Hand in the high waters that are forecast for a site."""
    try:
        form = TideForm.model_validate(json.loads(table.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, str(table)))) from None
    except ValueError as error:
        raise NotPossible(f"{table} is no JSON: {error}") from None
    with transaction() as connection:
        number = accept_tides(connection, site_id, form, actor=operator())
    typer.echo(f"{site_id}: {number} high waters of {form.source}")
