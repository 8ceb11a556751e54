"""The classification of database errors: temporary, or caused by the data."""

import psycopg
from sqlalchemy.exc import DBAPIError

_TEMPORARY = ("08", "53", "57", "58", "40", "25006", "55P03")
"""SQLSTATE classes and codes that the data does not cause: connection, resources, operator intervention, system error
(such as a failing disk), transaction rollback, read-only server, lock not available."""


def is_unavailable(error: BaseException) -> bool:
    """Return whether the server caused the error, so that the same work may be done later."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is None:  # no response from the server
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return cause.sqlstate.startswith(_TEMPORARY)
