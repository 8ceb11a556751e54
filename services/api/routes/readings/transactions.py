"""Charging transactions, assembled from a pile's messages."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from rencheng.store.readings.transactions import transactions
from services.api.deps import Db, DeviceId, From, To, Zone
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example, present
from services.api.routes.devices.read import find_or_404

router = APIRouter(prefix="/devices/{device_id}", tags=["readings"], responses=problem_responses(HTTPStatus.NOT_FOUND))

_EXAMPLE = {
    "connector_id": 1,
    "transaction_id": "tx-81",
    "began_at": "2026-07-20T15:20:00+08:00",
    "start_reported_at": "2026-07-20T15:20:00+08:00",
    "last_at": "2026-07-20T16:05:00+08:00",
    "ended_at": "2026-07-20T16:05:00+08:00",
    "is_over": True,
    "energy_kwh": 31.4,
    "power_kw_max": 58.2,
    "soc_pct_first": 22.0,
    "soc_pct_last": 80.0,
    "meter_values": 138,
    "faults": [],
}


class Transaction(ApiModel):
    """A charging transaction 充电交易. Its messages may arrive in any order, late, repeated or in part."""

    model_config = example(**_EXAMPLE)

    connector_id: int
    transaction_id: str
    began_at: datetime
    """The time of its first message of any type."""
    start_reported_at: datetime | None
    """The time at which the connector reported the start; null if that message is missing."""
    last_at: datetime
    """The time of its last message of any type."""
    ended_at: datetime | None
    """The time at which the connector reported the end; null if that message is missing."""
    is_over: bool
    """Whether the connector reported the end, or started another transaction."""
    energy_kwh: float | None
    """The sum of the rises of the register at the outlet; null without register values.

    A register that falls was reset or ran over: the fall adds nothing. Values below 0 are no readings of a register.
    """
    power_kw_max: float | None
    soc_pct_first: float | None
    soc_pct_last: float | None
    meter_values: int
    faults: list[str]
    """The OCPP error codes reported, other than NoError."""


class Transactions(ApiModel):
    """The transactions of a charging pile, ordered by their first message."""

    model_config = example(device_id="pile-9", world="actual", items=[_EXAMPLE])

    device_id: str
    world: str
    items: list[Transaction]


@router.get("/transactions", summary="List charging transactions 充电交易列表", operation_id="list_transactions")
def list_transactions(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    start: From,
    end: To,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of transactions.")] = 500,
) -> Transactions:
    """Return the transactions with a message in the span. Only charging piles have any."""
    with database.read() as connection:
        device = find_or_404(connection, device_id)
        rows = transactions(connection, device_id, start=start, end=end, limit=limit)
    items = [Transaction(**{**present(row, zone), "faults": row["faults"] or []}) for row in rows]
    return Transactions(device_id=device["device_id"], world=device["world"], items=items)
