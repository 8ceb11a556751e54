"""`rencheng roster`: who is on duty."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.calls.calls import call_messages
from commands.calls.json_lists import read_forms
from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.operations.handovers import accept_handover, offer_handover
from rencheng.operations.people import replace_on_duty, save_roster
from rencheng.operations.signers import Signer
from rencheng.response.calls.forms import HandoverForm, OverrideForm, RosterForm
from rencheng.response.calls.roster import Duty, Roster, RosterGap, gaps, on_duty
from rencheng.schemas.findings import validation_findings
from rencheng.store.calls.rosters import load_rosters

app = typer.Typer(help="Rosters 值班表: who is on duty for a role.", no_args_is_help=True)

LOOK_AHEAD = timedelta(days=7)


@app.command("import")
def import_rosters(
    file: Annotated[Path, typer.Argument(help="A JSON list of rosters; docs/how-to/call-people.md shows one.")],
) -> None:
    """Add or change rosters, all or none. All shifts of these rosters are replaced; overrides stay."""
    forms = read_forms(RosterForm, file)
    now = datetime.now(UTC)
    with transaction() as connection:
        for form in forms:
            save_roster(connection, form, actor=operator())
        names = {form.roster_id for form in forms}
        saved = [each for each in load_rosters(connection, since=now) if each.roster_id in names]
    typer.echo(f"{len(forms)} rosters saved")
    for roster in saved:
        for gap in gaps(roster, now, now + LOOK_AHEAD):
            typer.echo(f"nobody is on duty: {gap_text(roster, gap)}")


@app.command("list")
def list_() -> None:
    """Show who is on duty now, and the gaps of the next seven days."""
    now = datetime.now(UTC)
    with transaction() as connection:
        rosters = load_rosters(connection, since=now)
    table = Table("roster", "role", "region", "site", "rank", "on duty now", "why", box=None)
    for roster in rosters:
        for duty in on_duty(roster, now):
            place = (roster.region, roster.site_id or "")
            table.add_row(roster.roster_id, roster.role, *place, str(duty.rank), _names(duty), duty.reason)
    Console().print(table)
    for roster in rosters:
        for gap in gaps(roster, now, now + LOOK_AHEAD):
            typer.echo(f"nobody is on duty: {gap_text(roster, gap)}")


@app.command()
def replace(
    roster: Annotated[str, typer.Argument(help="The roster.")],
    person: Annotated[str, typer.Argument(help="Who takes over.")],
    reason: Annotated[str, typer.Option(help="The reason, shown in the audit log.")],
    hours: Annotated[float, typer.Option(min=0.25, help="Duration, hours.")],
    begins: Annotated[str | None, typer.Option(help="The beginning, such as 2026-07-20T20:00+08:00; now.")] = None,
    rank: Annotated[int, typer.Option(min=1, max=5, help="1: the first person, 2: the deputy.")] = 1,
) -> None:
    """Let a person replace whoever is planned."""
    try:
        begins_at = datetime.fromisoformat(begins) if begins else datetime.now(UTC)
        values = {"rank": rank, "person_id": person, "reason": reason, "begins_at": begins_at}
        form = OverrideForm.model_validate(values | {"ends_at": begins_at + timedelta(hours=hours)})
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "override"))) from None
    except ValueError as error:
        raise NotPossible(f"--begins {begins}: {error}; write it as 2026-07-20T20:00+08:00") from None
    with transaction() as connection:
        number = replace_on_duty(connection, roster, form, actor=operator())
    typer.echo(f"override {number}: {person} until {form.ends_at:%Y-%m-%d %H:%M} UTC")


@app.command()
def handover(
    roster: Annotated[str, typer.Argument(help="The roster.")],
    leaves: Annotated[str, typer.Argument(help="Who leaves.")],
    comes: Annotated[str, typer.Argument(help="Who comes.")],
    note: Annotated[str, typer.Option(help="What the one who comes must know.")] = "",
    rank: Annotated[int, typer.Option(min=1, max=5, help="1: the first person, 2: the deputy.")] = 1,
) -> None:
    """Offer a shift to the person who comes 交班. Until it is accepted both are on duty."""
    try:
        values = {"rank": rank, "from_person": leaves, "to_person": comes, "note": note}
        form = HandoverForm.model_validate(values)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "handover"))) from None
    with transaction() as connection:
        offered = offer_handover(connection, roster, form, signer=Signer(operator(), None))
    number, calls = offered["handover_id"], ", ".join(offered["open_calls"]) or "none"
    typer.echo(f"handover {number}, open calls: {calls}")
    typer.echo(f"{comes} accepts it with `rencheng roster accept {roster} {number}`, as another user")


@app.command()
def accept(
    roster: Annotated[str, typer.Argument(help="The roster.")],
    number: Annotated[int, typer.Argument(min=1, help="The number of the handover.")],
) -> None:
    """Accept a shift with its open calls 接班."""
    with transaction() as connection:
        done = accept_handover(connection, roster, number, signer=Signer(operator(), None), carry_out=call_messages())
    calls = ", ".join(done["open_calls"]) or "none"
    typer.echo(f"{done['to_person']} is on duty; calls taken over: {calls}")


def _names(duty: Duty) -> str:
    return " and ".join(filter(None, (duty.person_id, duty.leaving))) or "–"


def gap_text(roster: Roster, gap: RosterGap) -> str:
    """Return a gap in a line, in the roster's zone."""
    zone = ZoneInfo(roster.zone)
    begins, ends = gap.begins_at.astimezone(zone), gap.ends_at.astimezone(zone)
    return f"{roster.roster_id} rank {gap.rank}, {begins:%Y-%m-%d %H:%M} – {ends:%Y-%m-%d %H:%M} ({roster.zone})"
