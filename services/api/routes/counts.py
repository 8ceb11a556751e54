"""The account: every reading that was settled is stored, a duplicate, or in quarantine."""

from dataclasses import asdict

from fastapi import APIRouter

from rencheng.store.accounting import health
from rencheng.store.accounting.counts import ReadingCounts
from services.api.deps import ByWorld, Db
from services.api.http.models import ApiModel, example

router = APIRouter(prefix="/counts", tags=["counts"])

_TALLY = {"stored": 86400, "duplicate": 12, "quarantined": 3, "unpacked": 0}


class Count(ApiModel):
    """Readings by what became of them."""

    stored: int
    duplicate: int
    quarantined: int
    """In quarantine, or dropped from it by age or size; what was replayed has moved to the other two."""
    unpacked: int
    """By how much replays raised the number of received readings: received + this = the other three together."""


class CountOfKind(Count):
    """Of one kind in one world. Kind `unknown`: the topic named none of ours."""

    world: str
    kind: str


class Counts(ApiModel):
    """The account 计数."""

    model_config = example(items=[{"world": "actual", "kind": "waterlogging", **_TALLY}], total=_TALLY)

    items: list[CountOfKind]
    total: Count


@router.get("", summary="The account 计数", operation_id="get_counts")
def get_counts(database: Db, *, world: ByWorld = None) -> Counts:
    """Settled readings by world and kind since the beginning, counted in the transactions that settled them."""
    with database.read() as connection:
        counts = health.counts_by_kind(connection, world)
    total = sum((tally for _, _, tally in counts), ReadingCounts())
    items = [CountOfKind(world=world_, kind=kind, **_figures(tally)) for world_, kind, tally in counts]
    return Counts(items=items, total=Count(**_figures(total)))


def _figures(tally: ReadingCounts) -> dict[str, int]:
    return asdict(tally)
