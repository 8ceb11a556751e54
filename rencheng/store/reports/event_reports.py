"""The versions of event reports. A version never changes."""

from typing import Any

from sqlalchemy import Connection, func, insert, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.report_tables import event_reports


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
