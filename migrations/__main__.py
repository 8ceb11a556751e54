"""`python -m migrations`: bring the database that the settings name to the newest version."""

import sys

import migrations
from rencheng.domain.errors import Misconfigured
from rencheng.runtime.settings import DatabaseSettings


def main() -> None:
    """Do it, and say so."""
    try:
        migrations.upgrade(DatabaseSettings.load().database_url)
    except Misconfigured as error:
        sys.exit(str(error))
    sys.stdout.write("the schema is up to date\n")


if __name__ == "__main__":
    main()
