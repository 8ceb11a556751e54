#!/usr/bin/env python3
"""The `rencheng` commands that need no local stack, for use in a container.

docker compose run --rm admin device add gauge-7 --kind waterlogging --region 370102
"""

import sys

import typer

from commands.platform import add_platform_commands
from rencheng.domain.errors import RenchengError

app = typer.Typer(
    name="admin",
    help="Devices, sites, API keys and broker accounts of this platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
add_platform_commands(app)

if __name__ == "__main__":
    try:
        app()
    except RenchengError as error:
        sys.exit(f"rencheng: {error}")
