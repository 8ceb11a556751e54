"""The database's errors, in our words: come back later, or never."""

import psycopg
from sqlalchemy.exc import DBAPIError

_LATER = ("08", "53", "57", "58", "40", "25006", "55P03")
"""SQLSTATE classes and codes that say nothing against a row: connection, resources, operator's intervention,
the system below it (a disk that fails), transaction rolled back, a server that only reads just now, a lock that was
not to be had."""


def is_unavailable(error: BaseException) -> bool:
    """Is the server at fault, so that the same work may succeed later?"""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is None:  # no answer from the server at all
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return cause.sqlstate.startswith(_LATER)
