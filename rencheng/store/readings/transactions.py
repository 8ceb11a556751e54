"""Charging transactions, assembled from stored meter values.

Start, stop and meter values of a transaction are rows with their own keys. The result depends on the stored rows alone,
not on the order, delay or repetition in which they arrived.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, select

from rencheng.domain.reading import Measurand
from rencheng.store.core.sessions import Row
from rencheng.store.schema.tables import meter_values

LONGEST = timedelta(days=2)
"""The search extends this far beyond the requested span."""

STARTED = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Occupied")
"""Connector states (OCPP 1.6 and 2.0.1) of a transaction that has begun."""

ENDED = ("Finishing", "Available")
"""Connector states of a transaction that has ended."""


def transactions(
    connection: Connection, device_id: str, *, start: datetime, end: datetime, limit: int = 1000
) -> list[Row]:
    """Return a charger's transactions that overlap a span, in order of their beginning.

    `began_at` and `last_at` are the times of the first and last row; `start_reported_at` and `ended_at` are the times
    of the connector states, and may be missing; `is_over` is also true if the connector has begun another transaction.
    Energy is the difference of the stored register readings.
    """
    summed = _by_transaction(device_id, start, end).subquery("summed")
    following = func.lead(summed.c.began_at).over(partition_by=summed.c.connector_id, order_by=summed.c.began_at)
    known = select(summed, following.label("next_began_at")).subquery("known")
    is_over = known.c.ended_at.is_not(None) | known.c.next_began_at.is_not(None)
    query = (
        select(known, is_over.label("is_over"))
        .where(known.c.last_at >= start, known.c.began_at < end)
        .order_by(known.c.began_at, known.c.connector_id, known.c.transaction_id)
        .limit(limit)
    )
    return list(connection.execute(query).mappings())


def _by_transaction(device_id: str, start: datetime, end: datetime) -> Select[tuple[object, ...]]:
    """Return the figures of each transaction."""
    rows = meter_values.c
    energy = rows.measurand == Measurand.ENERGY_KWH.value
    charge = rows.measurand == Measurand.SOC_PCT.value
    is_fault = rows.error_code.not_in(("NoError", ""))
    return (
        select(
            rows.connector_id,
            rows.transaction_id,
            func.min(rows.time).label("began_at"),
            func.max(rows.time).label("last_at"),
            func.min(rows.time).filter(rows.status.in_(STARTED)).label("start_reported_at"),
            func.max(rows.time).filter(rows.status.in_(ENDED)).label("ended_at"),
            (_greatest(energy) - func.min(rows.value).filter(energy)).label("energy_kwh"),
            _greatest(rows.measurand == Measurand.POWER_KW.value).label("power_kw_max"),
            func.first(rows.value, rows.time).filter(charge).label("soc_pct_first"),
            func.last(rows.value, rows.time).filter(charge).label("soc_pct_last"),
            func.count().filter(rows.measurand != Measurand.STATUS.value).label("meter_values"),
            func.array_remove(func.array_agg(rows.error_code.distinct()).filter(is_fault), None).label("faults"),
        )
        .where(rows.device_id == device_id, rows.transaction_id != "")
        .where(rows.time >= start - LONGEST, rows.time < end + LONGEST)
        .group_by(rows.connector_id, rows.transaction_id)
    )


def _greatest(measured: ColumnElement[bool]) -> ColumnElement[float]:
    return func.max(meter_values.c.value).filter(measured)
