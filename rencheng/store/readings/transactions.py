"""Charging transactions, assembled from stored meter values.

Start, stop and meter values of a transaction are rows with their own keys. The result depends on the stored rows alone,
not on the order, delay or repetition in which they arrived.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, false, func, select

from rencheng.domain.meter import sampled_names
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import Measurand
from rencheng.store.core.sessions import Row
from rencheng.store.schema.tables import meter_values

_ENERGY = sampled_names([Measurand.ENERGY_KWH], phases=[None], locations=[None])
"""The register at the outlet, of all phases: what the vehicle was given."""
_POWER = sampled_names([Measurand.POWER_KW], phases=[None], locations=[None])
_CHARGE = sampled_names([Measurand.SOC_PCT])
"""The battery's charge is the same at any location."""

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
    Energy is the sum of the register's rises, see `_energy`.
    """
    summed = _by_transaction(device_id, start, end).subquery("summed")
    following = func.lead(summed.c.began_at).over(partition_by=summed.c.connector_id, order_by=summed.c.began_at)
    energy = _energy(device_id, start, end).subquery("energy")
    is_same = (energy.c.connector_id == summed.c.connector_id) & (energy.c.transaction_id == summed.c.transaction_id)
    known = (
        select(summed, energy.c.energy_kwh, following.label("next_began_at"))
        .select_from(summed.outerjoin(energy, is_same))
        .subquery("known")
    )
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
    charge = rows.measurand.in_(_CHARGE) & _is_usable()
    is_fault = rows.error_code.not_in(("NoError", ""))
    return (
        select(
            rows.connector_id,
            rows.transaction_id,
            func.min(rows.time).label("began_at"),
            func.max(rows.time).label("last_at"),
            func.min(rows.time).filter(rows.status.in_(STARTED)).label("start_reported_at"),
            func.max(rows.time).filter(rows.status.in_(ENDED)).label("ended_at"),
            func.max(rows.value).filter(rows.measurand.in_(_POWER) & _is_usable()).label("power_kw_max"),
            func.first(rows.value, rows.time).filter(charge).label("soc_pct_first"),
            func.last(rows.value, rows.time).filter(charge).label("soc_pct_last"),
            func.count().filter(rows.measurand != Measurand.STATUS.value).label("meter_values"),
            func.array_remove(func.array_agg(rows.error_code.distinct()).filter(is_fault), None).label("faults"),
        )
        .where(*_in_transactions(device_id, start, end))
        .group_by(rows.connector_id, rows.transaction_id)
    )


def _energy(device_id: str, start: datetime, end: datetime) -> Select[tuple[object, ...]]:
    """Return the energy of each transaction: the sum of the rises from one register reading to the next.

    A fall is a register that was reset or ran over, and adds nothing. Readings below 0 are none. A single reading that
    differs from both neighbours, while the register goes on rising past it, is an error of transmission.
    """
    rows = meter_values.c
    transaction = (rows.connector_id, rows.transaction_id)
    register = (
        select(
            *transaction,
            rows.time,
            rows.value,
            func.lag(rows.value).over(partition_by=transaction, order_by=(rows.time, rows.value)).label("before"),
            func.lead(rows.value).over(partition_by=transaction, order_by=(rows.time, rows.value)).label("behind"),
        )
        .where(*_in_transactions(device_id, start, end))
        .where(rows.measurand.in_(_ENERGY), rows.value >= 0, _is_usable())
        .subquery("register")
    )
    c = register.c
    is_low = (c.value < c.before) & (c.before <= c.behind)
    is_high = (c.value > c.behind) & (c.before <= c.behind)
    previous = func.lag(c.value).over(partition_by=(c.connector_id, c.transaction_id), order_by=(c.time, c.value))
    rises = (
        select(c.connector_id, c.transaction_id, func.greatest(c.value - previous, 0.0).label("rise"))
        .where(func.coalesce(is_low | is_high, false()).is_(false()))
        .subquery("rises")
    )
    return select(rises.c.connector_id, rises.c.transaction_id, func.sum(rises.c.rise).label("energy_kwh")).group_by(
        rises.c.connector_id, rises.c.transaction_id
    )


def _in_transactions(device_id: str, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    rows = meter_values.c
    return (
        rows.device_id == device_id,
        rows.transaction_id != "",
        rows.time >= start - LONGEST,
        rows.time < end + LONGEST,
    )


def _is_usable() -> ColumnElement[bool]:
    rows = meter_values.c
    return rows.value.is_not(None) & (rows.quality.op("&")(int(UNUSABLE)) == 0)
