"""The psycopg connection below a SQLAlchemy connection."""

from typing import Any, cast

import psycopg
from sqlalchemy import Connection


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return the driver's own connection, for COPY, NOTIFY and pipelines."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
