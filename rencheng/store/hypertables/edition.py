"""The edition of TimescaleDB. This module alone decides which features its licence allows."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Edition:
    """The features that a server's licence allows.

    Attributes:
        name: `Community` or `Apache`, TimescaleDB's own names.
        continuous_aggregates, columnstore, policies: whether the server has them.
    """

    name: str
    continuous_aggregates: bool
    columnstore: bool
    policies: bool


COMMUNITY = Edition("Community", continuous_aggregates=True, columnstore=True, policies=True)
APACHE = Edition("Apache", continuous_aggregates=False, columnstore=False, policies=False)


def edition(connection: Connection) -> Edition:
    """Return the server's edition: `timescaledb.license` is `timescale` on Community, `apache` on Apache."""
    licence = connection.execute(text("SELECT current_setting('timescaledb.license')")).scalar_one()
    return COMMUNITY if licence == "timescale" else APACHE


def rollups_are_continuous(connection: Connection) -> bool:
    """Return whether the rollups are continuous aggregates, not tables.

    Migration 0008 decides this once. A database that moves from Apache to Community keeps its tables.
    """
    query = "SELECT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public')"
    return bool(connection.execute(text(query)).scalar_one())
