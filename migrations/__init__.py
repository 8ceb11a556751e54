"""The migrations of the schema. `upgrade(url)` migrates a database to the newest revision, `downgrade(url)` back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from rencheng.store.access.grants import grant


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Upgrade the database to a revision, by default the newest, and give the services' roles their privileges."""
    command.upgrade(_config(database_url), revision)
    if revision == "head":
        engine = create_engine(database_url, poolclass=NullPool)
        with engine.begin() as connection:
            grant(connection)


def downgrade(database_url: str, revision: str = "base") -> None:
    """Downgrade the database to a revision, by default to an empty schema."""
    command.downgrade(_config(database_url), revision)
