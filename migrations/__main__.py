"""Upgrade the configured database to the newest revision: `python -m migrations`."""

import sys

import migrations
from rencheng.domain.errors import Misconfigured
from rencheng.runtime.settings import DatabaseSettings


def main() -> None:
    """Upgrade the database."""
    try:
        migrations.upgrade(DatabaseSettings.load().database_url)
    except Misconfigured as error:
        sys.exit(str(error))
    sys.stdout.write("schema is up to date\n")


if __name__ == "__main__":
    main()
