"""`rencheng site doubts`, `confirm`, `deny`: what may be water at a site, and the answer of a person who looked."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from commands.sites.lookup import SiteId, find_site
from rencheng.domain.doubt import DoubtAnswerKind
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.doubts import answer_doubt, doubt_at
from rencheng.schemas.doubt import AnswerForm
from rencheng.schemas.findings import validation_findings
from rencheng.store.warnings.doubts import list_doubts

By = Annotated[str | None, typer.Option(help="Who looked; the warning names it. Without it, you.")]
Note = Annotated[str, typer.Option(help="A note for the audit log.")]
DoubtOption = Annotated[str | None, typer.Option("--doubt", help="The doubt; without it, the one that is open.")]


def doubts(
    settled: Annotated[bool, typer.Option(help="Also those that were settled in the last three days.")] = False,
) -> None:
    """Show what may be water and is not proven, at the sites of all worlds."""
    with transaction() as connection:
        rows = list_doubts(connection, is_settled_wanted=settled)
    table = Table("site", "world", "level", "depth", "since (Asia/Shanghai)", "look by", "state", "doubt", box=None)
    for row in rows:
        doubt, at = row["doubt"], row["issued_at"].astimezone(CITY_ZONE)
        state = doubt["outcome"] or ("answered" if row["answer"] else "open")
        depth = f"{doubt['depth_mm']:.0f} mm"
        table.add_row(
            row["topic"],
            row["world"],
            doubt["level"],
            depth,
            f"{at:%Y-%m-%d %H:%M}",
            doubt["verify_by"],
            state,
            row["doubt_id"],
        )
    Console().print(table)


def confirm(site_id: SiteId, by: By = None, note: Note = "", doubt: DoubtOption = None) -> None:
    """Answer that there is water as the gauge reports. A warning follows within seconds, as the depth asks."""
    answered = _answer(site_id, DoubtAnswerKind.CONFIRM, by, note, doubt)
    typer.echo(f"{answered}: water confirmed at {site_id}; the alert service judges the depth now")


def deny(site_id: SiteId, by: By = None, note: Note = "", doubt: DoubtOption = None) -> None:
    """Answer that there is no water. It counts as a fault of the gauge, and the same thing is not reported again."""
    answered = _answer(site_id, DoubtAnswerKind.DENY, by, note, doubt)
    typer.echo(f"{answered}: no water at {site_id}; the gauge is blocked until the thing under it is gone")


def _answer(site_id: str, kind: DoubtAnswerKind, by: str | None, note: str, doubt: str | None) -> str:
    try:
        form = AnswerForm(answer=kind, by=by or operator(), note=note)
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, "answer"))) from None
    with transaction() as connection:
        find_site(connection, site_id)
        doubt_id = doubt or doubt_at(connection, site_id)
        answer_doubt(connection, doubt_id, kind, by=form.by, note=form.note, actor=operator(), site_id=site_id)
    return doubt_id
