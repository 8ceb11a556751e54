"""The versions of event reports. A version never changes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.report_tables import event_reports
from rencheng.store.schema.tables import warning_events
from rencheng.store.schema.task_tables import incidents

MADE_WITHIN = timedelta(days=30)
"""A report is made by itself if the incident began within this time. Places are reopened within hours. Proposal."""


def add_report(connection: Connection, warning_id: str, values: dict[str, Any]) -> Row:
    """Write a version, unless the newest one has the same document. Return the newest one."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"event_reports/{warning_id}"))))
    newest = find_report(connection, warning_id)
    if newest is not None and newest["sha256"] == values["sha256"]:
        return newest
    version = 1 if newest is None else newest["version"] + 1
    query = insert(event_reports).values(warning_id=warning_id, version=version, **values)
    return connection.execute(query.returning(event_reports)).mappings().one()


def find_report(connection: Connection, warning_id: str, version: int | None = None) -> Row | None:
    """Return a version of the report of a warning; the newest if none is named."""
    query = select(event_reports).where(event_reports.c.warning_id == warning_id)
    if version is not None:
        query = query.where(event_reports.c.version == version)
    query = query.order_by(event_reports.c.version.desc()).limit(1)
    return connection.execute(query).mappings().one_or_none()


def warnings_to_report(connection: Connection, *, limit: int) -> list[str]:
    """Return warnings about which something was done, and whose report lacks the all-clear or the reopening."""
    columns, own = incidents.c, event_reports.c
    last_event = select(func.max(warning_events.c.event_id)).where(warning_events.c.warning_id == columns.warning_id)
    knows_reopening = own.document["moments"]["reopened"].astext.is_not(None)
    is_made = exists().where(
        own.warning_id == columns.warning_id,
        own.inputs_event_id >= last_event.correlate(incidents).scalar_subquery(),
        or_(columns.reopened_at.is_(None), knows_reopening),
    )
    is_recent = columns.recorded_at > func.now() - MADE_WITHIN
    query = select(columns.warning_id).where(columns.cleared_at.is_not(None), is_recent, ~is_made)
    return list(connection.execute(query.order_by(columns.cleared_at, columns.warning_id).limit(limit)).scalars())
