"""`rencheng tls`: certificates for the broker and the API, from an authority of the platform's own."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.tls.authority import CERTIFICATE_DAYS, certificates, create_authority, issue
from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import IDENTIFIER
from rencheng.runtime.settings import checkout

app = typer.Typer(help="Certificates for the broker and the API, from an authority of your own.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(help="The folder of the certificates.", show_default="RENCHENG_TLS_FOLDER or .rencheng/tls"),
]


@app.command()
def init(folder: Folder = None) -> None:
    """Create the authority. Devices and dispatch get its certificate; its key never leaves this machine."""
    files = create_authority(_folder(folder))
    typer.echo(f"authority    {files.certificate}  (give it to devices)")
    typer.echo(f"private key  {files.key}  (keep a copy offline)")


@app.command("issue")
def issue_(
    name: Annotated[str, typer.Argument(help="Name of the files, such as `broker`; with --client the device's name.")],
    host: Annotated[list[str] | None, typer.Option(help="Host name or IP address of the server; repeat it.")] = None,
    client: Annotated[bool, typer.Option("--client", help="For a device that logs in with a certificate.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Its life in days.")] = CERTIFICATE_DAYS,
    folder: Folder = None,
) -> None:
    """Issue a certificate with a new key, or renew it: the same name again replaces both files."""
    if not IDENTIFIER.fullmatch(name):
        raise NotPossible(f"{name!r} cannot be a certificate's name: letters, digits, dots, dashes or underscores")
    if not client and not host:
        raise NotPossible("a server's certificate needs its host names or addresses: --host broker.example.org")
    files = issue(_folder(folder), name, hosts=host or [], is_client=client, days=days)
    typer.echo(f"certificate  {files.certificate}")
    typer.echo(f"private key  {files.key}")


@app.command("list")
def list_(folder: Folder = None) -> None:
    """List the certificates, the first to end first."""
    table = Table("name", "hosts", "ends", box=None)
    for each in certificates(_folder(folder)):
        table.add_row(each.name, ", ".join(each.hosts), f"{each.ends_at:%Y-%m-%d}")
    Console().print(table)


def _folder(given: Path | None) -> Path:
    return given or Path(os.environ.get("RENCHENG_TLS_FOLDER") or checkout() / ".rencheng" / "tls")
