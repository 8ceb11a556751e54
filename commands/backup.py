"""`rencheng db backup` and `restore`."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commands.database_access import open_engine
from local_stack.paths import home_folder, open_home
from local_stack.programs import installed
from rencheng.domain.errors import NotPossible
from rencheng.store.backup.backup import restore_backup, write_backup

Programs = Annotated[
    Path | None,
    typer.Option(
        envvar="RENCHENG_POSTGRES_PROGRAMS",
        help="The folder of pg_dump and pg_restore, of the server's version or newer; otherwise those of the local"
        " stack, or of PATH.",
        file_okay=False,
    ),
]


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")], programs: Programs = None
) -> None:
    """Write a backup of the database while services go on: a dump, and a manifest with rows and checksums."""
    with open_engine() as engine, _progress("backup") as report:
        manifest = write_backup(engine, folder.absolute(), _folder_of("pg_dump", programs), report)
    typer.echo(f"{folder}: {len(manifest.tables)} tables, {manifest.rows:,} rows, {manifest.dump_bytes:,} bytes")
    typer.echo("not in it: .env with the passwords and contact keys, certificates, and what the broker still holds")


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.", exists=True, file_okay=False)],
    programs: Programs = None,
) -> None:
    """Restore a backup into an empty database, and compare every table with the manifest."""
    with open_engine() as engine, _progress("restore") as report:
        manifest = restore_backup(engine, folder.absolute(), _folder_of("pg_restore", programs), report)
    typer.echo(f"restored the backup of {manifest.made_at:%Y-%m-%d %H:%M:%S %Z}, schema {manifest.revision}")
    typer.echo(f"all {len(manifest.tables)} tables are equal: {manifest.rows:,} rows")


def _folder_of(name: str, chosen: Path | None) -> Path:
    if chosen is None:
        of_stack = installed(open_home(home_folder())).postgres_bin
        of_path = shutil.which(name)
        chosen = of_stack if of_stack.is_dir() else Path(of_path).parent if of_path else None
    if chosen is None or not (chosen / name).is_file():
        where = chosen or "PATH"
        raise NotPossible(f"{name} is not in {where}. Install PostgreSQL's client, or name its folder with --programs")
    return chosen


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is worked on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(title) as status:
        yield lambda line: status.update(f"{title}: {line[:100]}")
