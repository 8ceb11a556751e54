"""The options that choose entries of quarantine."""

from datetime import datetime
from typing import Annotated

import typer

from commands.times import moment_of
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.store.quarantine.log import QuarantineFilters

ByReason = Annotated[
    RejectionReason | None, typer.Option(help="Reason of rejection; `rencheng quarantine reasons` explains them.")
]
ByDevice = Annotated[str | None, typer.Option(help="The device that sent it.")]
ByKind = Annotated[Kind | None, typer.Option(help="Kind of device, by topic.")]
ByWorld = Annotated[str | None, typer.Option(help="`actual`, or an exercise.")]
Since = Annotated[
    datetime | None, typer.Option(help="Last received at this time or later (your time zone, if without offset).")
]
Until = Annotated[datetime | None, typer.Option(help="Last received before this time.")]


def quarantine_filters(
    *,
    reason: RejectionReason | None,
    device: str | None,
    kind: Kind | None,
    world: str | None,
    since: datetime | None,
    until: datetime | None,
    replayed: bool = False,
) -> QuarantineFilters:
    """Return the filters that the options describe, with times in UTC offsets."""
    since = moment_of(since, "--since") if since else None
    until = moment_of(until, "--until") if until else None
    return QuarantineFilters(reason, device, kind, world, since, until, replayed)
