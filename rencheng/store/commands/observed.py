"""What devices reported of their state, and what is known of their sites."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from rencheng.domain.level import Level
from rencheng.domain.reading import Measurand
from rencheng.response.commands.interlock import DeviceNow, PlaceNow
from rencheng.store.calls.calls import world_time
from rencheng.store.schema.command_tables import actuator_states
from rencheng.store.schema.tables import meter_values, site_states, warnings, waterlogging_readings
from rencheng.store.tasks.incidents import awaits_reopening

_STATUS_WITHIN = timedelta(days=30)
"""A connector whose last status is older counts as removed, so that the query stays small. Proposal."""


class ReportedState(NamedTuple):
    """A state that a device reported."""

    device_id: str
    state: str
    text: str
    is_obstructed: bool
    since: datetime
    last_at: datetime


def newest_states(connection: Connection, device_ids: Collection[str]) -> dict[str, ReportedState]:
    """Return the newest state of devices that have reported any."""
    query = (
        select(actuator_states)
        .where(actuator_states.c.device_id.in_(list(device_ids)))
        .ext(distinct_on(actuator_states.c.device_id))
        .order_by(actuator_states.c.device_id, actuator_states.c.received_at.desc())
    )
    return {
        row.device_id: ReportedState(row.device_id, row.state, row.text, row.obstructed, row.received_at, row.last_at)
        for row in connection.execute(query)
    }


def save_state(connection: Connection, device_id: str, state: DeviceNow) -> None:
    """Save a reported state: a row if it changed, else the time at which it was reported again."""
    known = newest_states(connection, [device_id]).get(device_id)
    if known is not None and (known.state, known.text, known.is_obstructed) == (
        state.state,
        state.text,
        state.is_obstructed,
    ):
        columns = actuator_states.c
        query = update(actuator_states).where(columns.device_id == device_id, columns.received_at == known.since)
        connection.execute(query.values(last_at=func.clock_timestamp()))
        return
    values = {"device_id": device_id, "state": state.state, "text": state.text, "obstructed": state.is_obstructed}
    connection.execute(insert(actuator_states).values(**values, received_at=func.clock_timestamp()))


def place_now(connection: Connection, site_id: str, world: str) -> PlaceNow:
    """Return what is known of a site: the level of its open warning, whether a gauge measures it, its reopening."""
    open_level = select(func.max(warnings.c.level)).where(warnings.c.site_id == site_id, warnings.c.closed_at.is_(None))
    level = connection.execute(open_level).scalar()
    state = connection.execute(select(site_states.c.no_data_from).where(site_states.c.site_id == site_id)).scalar()
    is_measured = state is not None and state > world_time(connection, world)
    return PlaceNow(Level(level or 0), is_measured, awaits_reopening(connection, site_id))


def pile_states(connection: Connection, device_id: str, since: datetime) -> list[str]:
    """Return the newest status of each connector, if the pile reported any status after a time."""
    columns = meter_values.c
    query = (
        select(columns.connector_id, columns.status, columns.received_at)
        .where(columns.device_id == device_id, columns.measurand == Measurand.STATUS, columns.status.is_not(None))
        .where(columns.time > since - _STATUS_WITHIN)
        .ext(distinct_on(columns.connector_id))
        .order_by(columns.connector_id, columns.time.desc())
    )
    rows = connection.execute(query).all()
    return [row.status for row in rows] if any(row.received_at > since for row in rows) else []


def gauge_mode(connection: Connection, device_id: str, since: datetime) -> str | None:
    """Return the newest reporting mode of a gauge that was sampled and received after a time."""
    columns = waterlogging_readings.c
    query = (
        select(columns.mode)
        .where(columns.device_id == device_id, columns.time > since, columns.mode.is_not(None))
        .order_by(columns.time.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    return found
