"""Locks by name, so that the same request sent twice at a time is carried out one after the other."""

from sqlalchemy import Connection, func, select


def lock_name(connection: Connection, name: str) -> None:
    """Wait for other transactions with this name, and hold it until the end of this one."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
