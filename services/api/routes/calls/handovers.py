"""Handovers of shifts: offer one, accept it, and list them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.operations.handovers import accept_handover, offer_handover
from rencheng.response.calls.forms import HandoverForm
from rencheng.store.calls.handovers import list_handovers
from rencheng.store.core.sessions import Row
from rencheng.store.places import of_people
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Asks, Db, Limit, RosterId, Zone
from services.api.http.models import ApiModel, example, present
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/rosters", tags=["calls"])

_OFFER: dict[str, Any] = {"rank": 1, "from_person": "zhang-wei", "to_person": "li-na", "note": "pump 2 is repaired"}
_HANDOVER: dict[str, Any] = _OFFER | {
    "handover_id": 3,
    "open_calls": ["my-underpass-20260720T080000Z"],
    "offered_at": "2026-07-20T19:50:00+08:00",
    "ended_at": None,
    "is_accepted": False,
}


class HandoverRequest(HandoverForm):
    """The handover of a shift to the person who comes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_OFFER]})


class ShownHandover(ApiModel):
    """A handover 交接班. Until it is accepted both people are on duty."""

    model_config = example(**_HANDOVER)

    handover_id: int
    rank: int
    from_person: str
    to_person: str
    open_calls: list[str]
    """The warnings whose calls are handed over."""
    note: str
    offered_at: datetime
    ended_at: datetime | None
    """When it was accepted, or replaced by another offer."""
    is_accepted: bool


class ShownHandovers(ApiModel):
    """Handovers of a roster, the newest first."""

    model_config = example(items=[_HANDOVER])

    items: list[ShownHandover]


HandoverId = Annotated[int, Path(ge=1, le=2**62, description="The number of the handover.")]


@router.get("/{roster_id}/handovers", summary="List handovers 交接班记录", operation_id="list_handovers")
def get_handovers(database: Db, zone: Zone, roster_id: RosterId, limit: Limit = 100) -> ShownHandovers:
    """Return the handovers of a roster with the calls that were handed over."""
    with database.read() as connection:
        rows = list_handovers(connection, roster_id, limit=limit)
    return ShownHandovers(items=[_shown(row, zone) for row in rows])


@router.post(
    "/{roster_id}/handovers",
    summary="Offer a shift to the person who comes 交班",
    operation_id="post_handover",
    status_code=HTTPStatus.CREATED,
)
def post_handover(
    database: Db, caller: Caller, zone: Zone, roster_id: RosterId, offer: HandoverRequest
) -> ShownHandover:
    """Offer a shift, with the open calls of the person who leaves. Both people are on duty until it is accepted."""
    with refusals(), database.write() as connection:
        caller.require(of_people(connection, [offer.from_person, offer.to_person]))
        return _shown(offer_handover(connection, roster_id, offer, signer=caller.signer), zone)


@router.post(
    "/{roster_id}/handovers/{handover_id}/acceptance", summary="Accept a shift 接班", operation_id="accept_handover"
)
def post_acceptance(
    database: Db, asks: Asks, caller: Caller, zone: Zone, roster_id: RosterId, handover_id: HandoverId
) -> ShownHandover:
    """Accept a shift with its open calls. Who offered it cannot accept it."""
    with refusals(), database.write() as connection:
        found = accept_handover(connection, roster_id, handover_id, signer=caller.signer, carry_out=asks)
        caller.require(of_people(connection, [found["from_person"], found["to_person"]]))
        return _shown(found, zone)


def _shown(row: Row, zone: Zone) -> ShownHandover:
    hidden = {"roster_id", "offered_by", "offering_person", "accepted_by"}
    values = {name: value for name, value in present(row, zone).items() if name not in hidden}
    return ShownHandover.model_validate(values | {"is_accepted": row["accepted_by"] is not None})
