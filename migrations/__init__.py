"""The schema's history. `upgrade(url)` brings a database to the newest version, `downgrade(url)` back."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database up to a revision; to the newest unless another is named."""
    command.upgrade(_config(database_url), revision)


def downgrade(database_url: str, revision: str = "base") -> None:
    """Take the database down to a revision; to an empty schema unless another is named."""
    command.downgrade(_config(database_url), revision)
