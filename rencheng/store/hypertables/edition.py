"""Which TimescaleDB this is. What its licence allows is decided here, and nowhere else."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Edition:
    """What a server's licence allows.

    Attributes:
        name: `Community` or `Apache`, as TimescaleDB calls its editions.
        continuous_aggregates, columnstore, policies: whether there are such.
    """

    name: str
    continuous_aggregates: bool
    columnstore: bool
    policies: bool


COMMUNITY = Edition("Community", continuous_aggregates=True, columnstore=True, policies=True)
APACHE = Edition("Apache", continuous_aggregates=False, columnstore=False, policies=False)


def edition(connection: Connection) -> Edition:
    """Ask the server: `timescaledb.license` is `timescale` on the Community edition, `apache` on the other."""
    licence = connection.execute(text("SELECT current_setting('timescaledb.license')")).scalar_one()
    return COMMUNITY if licence == "timescale" else APACHE


def rollups_are_continuous(connection: Connection) -> bool:
    """In which form this database has its rollups.

    That was decided when they were made. A database that moved from Apache to Community keeps its tables.
    """
    query = "SELECT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public')"
    return bool(connection.execute(text(query)).scalar_one())
