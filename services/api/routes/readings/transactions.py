"""Charging transactions, as far as they were told."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from rencheng.store.readings.transactions import transactions
from services.api.deps import Db, DeviceId, From, To, Zone
from services.api.http.errors import described
from services.api.http.models import ApiModel, example, present
from services.api.routes.devices.read import known

router = APIRouter(prefix="/devices/{device_id}", tags=["readings"], responses=described(HTTPStatus.NOT_FOUND))

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
    """A charging transaction 充电交易, from whatever came of it: in any order, late, twice or in part."""

    model_config = example(**_EXAMPLE)

    connector_id: int
    transaction_id: str
    began_at: datetime
    """The first word of it, of any sort."""
    start_reported_at: datetime | None
    """When the connector said that it began; null: that never came."""
    last_at: datetime
    """The last word of it, of any sort."""
    ended_at: datetime | None
    """When the connector said that it is over; null: that never came."""
    is_over: bool
    """It was told to be over, or the connector has begun another."""
    energy_kwh: float | None
    """Between the least and the greatest reading of the register; null without one."""
    power_kw_max: float | None
    soc_pct_first: float | None
    soc_pct_last: float | None
    meter_values: int
    faults: list[str]
    """OCPP error codes that were told, other than NoError."""


class Transactions(ApiModel):
    """A pile's transactions, by when they began."""

    model_config = example(device_id="pile-9", world="actual", items=[_EXAMPLE])

    device_id: str
    world: str
    items: list[Transaction]


@router.get("/transactions", summary="Charging transactions 充电交易", operation_id="list_transactions")
def list_transactions(
    database: Db,
    zone: Zone,
    device_id: DeviceId,
    start: From,
    end: To,
    limit: Annotated[int, Query(ge=1, le=1000, description="The most to answer with.")] = 500,
) -> Transactions:
    """Those of which anything lies within the span. A device that is no pile has none."""
    with database.read() as connection:
        device = known(connection, device_id)
        rows = transactions(connection, device_id, start=start, end=end, limit=limit)
    items = [Transaction(**{**present(row, zone), "faults": row["faults"] or []}) for row in rows]
    return Transactions(device_id=device["device_id"], world=device["world"], items=items)
