"""`rencheng quarantine replay`: process rejected messages again."""

from pathlib import Path
from typing import Annotated

import typer

from commands.database_access import limits, open_engine, operator
from commands.progress_bar import progress_bar
from commands.quarantine.filters import ByDevice, ByKind, ByReason, ByWorld, Since, Until, quarantine_filters
from rencheng.domain.errors import NotPossible
from rencheng.replay.attempt import Fix
from rencheng.replay.run import ReplaySummary, replay, replay_parts
from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.core.database import Engine
from rencheng.store.quarantine.log import QuarantineFilters, count_open
from rencheng.store.readings.merge import create_staging_on_connect


def replay_rejected(
    numbers: Annotated[list[int] | None, typer.Argument(help="The entries; or choose them with options.")] = None,
    reason: ByReason = None,
    device: ByDevice = None,
    kind: ByKind = None,
    world: ByWorld = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--all", help="All entries that the options select.")] = False,
    payload_file: Annotated[
        Path | None, typer.Option(help="A corrected payload for one entry.", exists=True, dir_okay=False)
    ] = None,
    topic: Annotated[str | None, typer.Option(help="A corrected topic for one entry.")] = None,
) -> None:
    """Send rejected messages through intake again, with their original time of receipt. It can be repeated."""
    filters = quarantine_filters(reason=reason, device=device, kind=kind, world=world, since=since, until=until)
    fix = _fix(payload_file, topic)
    narrowed = filters != QuarantineFilters(replayed=False)
    if bool(numbers) == (everything or narrowed) or (fix and len(numbers or []) != 1):
        raise NotPossible(
            "name entries by number, or choose them with options (--all for all); a correction needs exactly one number"
        )
    with open_engine() as engine:
        create_staging_on_connect(engine)
        if numbers:
            _replay_numbers(engine, numbers, fix)
        else:
            _print_summary(replay_all(engine, filters))


def replay_all(engine: Engine, filters: QuarantineFilters) -> ReplaySummary:
    """Replay every open entry that the filters select, with a progress bar on a terminal."""
    with engine.connect() as connection:
        expected = count_open(connection, filters)
    total = ReplaySummary()
    with progress_bar("replaying", expected) as show_done:
        for part in replay_parts(engine, filters, limits=limits(), actor=operator()):
            total += part
            show_done(total.entries)
    return total


def _replay_numbers(engine: Engine, numbers: list[int], fix: Fix | None) -> None:
    outcomes = replay(engine, numbers, limits=limits(), actor=operator(), fix=fix)
    for outcome in outcomes:
        for rejection in () if outcome.moved else outcome.rejections:
            typer.echo(f"{outcome.quarantine_id} stays: {rejection.reason}: {rejection.detail}", err=True)
    moved = [outcome for outcome in outcomes if outcome.moved]
    _print_summary(ReplaySummary(len(numbers), len(moved), sum((each.counts for each in moved), ReadingCounts())))
    if not moved:
        raise NotPossible("nothing was replayed; the other entries do not exist or were replayed before")


def _print_summary(summary: ReplaySummary) -> None:
    counts = summary.counts
    readings = f"{counts.stored} stored, {counts.duplicate} duplicate, {counts.quarantined} rejected again"
    typer.echo(f"{summary.moved} of {summary.entries} entries replayed; readings: {readings}")


def _fix(payload_file: Path | None, topic: str | None) -> Fix | None:
    if payload_file is None and topic is None:
        return None
    return Fix(topic=topic, payload=payload_file.read_bytes() if payload_file else None)
