"""Counts of readings by result: stored, duplicate or quarantined."""

from dataclasses import asdict

from fastapi import APIRouter

from rencheng.store.accounting import health
from rencheng.store.accounting.counts import ReadingCounts
from services.api.auth.guard import Caller
from services.api.deps import ByWorld, Db
from services.api.http.errors import OutOfReach
from services.api.http.models import ApiModel, example

router = APIRouter(prefix="/counts", tags=["counts"])

_COUNTS = {"stored": 86400, "duplicate": 12, "quarantined": 3, "unpacked": 0}


class Count(ApiModel):
    """Numbers of readings by result."""

    stored: int
    duplicate: int
    quarantined: int
    """In quarantine, or deleted from it by age or size. A replayed reading moves to one of the other two."""
    unpacked: int
    """Readings found by replays in messages that had counted as one: received + unpacked = the sum of the others."""


class CountOfKind(Count):
    """Counts of one kind in one world. Kind `unknown`: the topic names no known kind."""

    world: str
    kind: str


class Counts(ApiModel):
    """Counts by kind and world, and their sum 计数."""

    model_config = example(items=[{"world": "actual", "kind": "waterlogging", **_COUNTS}], total=_COUNTS)

    items: list[CountOfKind]
    total: Count


@router.get("", summary="Count readings by result 读数计数", operation_id="get_counts")
def get_counts(database: Db, caller: Caller, *, world: ByWorld) -> Counts:
    """Return all readings by world and kind since the first one. Each is counted in the transaction that stored it."""
    if caller.reach.regions:
        raise OutOfReach(f"Readings are counted for all regions together. {caller.bounds}")
    with database.read() as connection:
        counts = health.counts_by_kind(connection, world)
    counts = [(name, kind, tally) for name, kind, tally in counts if caller.reach.includes_world(name)]
    total = sum((tally for _, _, tally in counts), ReadingCounts())
    items = [CountOfKind(world=world_, kind=kind, **_figures(tally)) for world_, kind, tally in counts]
    return Counts(items=items, total=Count(**_figures(total)))


def _figures(tally: ReadingCounts) -> dict[str, int]:
    return asdict(tally)
