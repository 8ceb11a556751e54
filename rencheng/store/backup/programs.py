"""Run PostgreSQL's own pg_dump and pg_restore."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from rencheng.domain.errors import NotPossible

_LINES_SHOWN = 5
"""So many last lines of a program that failed are repeated."""


def run_program(program: Path, arguments: Sequence[str], *, url: str, report: Callable[[str], None]) -> None:
    """Run a program on a database, and report each line that it prints.

    Args:
        program: pg_dump or pg_restore, with a `--verbose` that names what it works on.
        arguments: without those of the connection. The password is not among them, because any user can read them.
        url: of the database, as SQLAlchemy takes it.
        report: takes each line.

    Raises:
        NotPossible: it cannot be started, or it failed.
    """
    address = make_url(url)
    named = address.translate_connect_args(username="user", database="dbname") | dict(address.query)
    named.pop("password", None)
    environment = os.environ | {"PGPASSWORD": address.password or "", "PGCONNECT_TIMEOUT": "10"}
    command = [str(program), "--verbose", f"--dbname={make_conninfo(**named)}", *arguments]
    last: list[str] = []
    try:
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True, errors="replace") as running:
            for line in running.stderr or ():
                last = [*last[1 - _LINES_SHOWN :], line.strip()]
                report(line.strip())
    except OSError as error:
        raise NotPossible(f"{program} cannot be started: {error.strerror}") from None
    if running.returncode:
        raise NotPossible(f"{program.name} failed: {'; '.join(last)}")
