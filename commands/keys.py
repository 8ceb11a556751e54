"""`rencheng key`: the API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import transaction
from rencheng.domain.errors import NotPossible
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The key's owner or purpose, for the list.")],
    scope: Annotated[list[KeyScope], typer.Option(help="A permission; can be repeated.")],
    days: Annotated[float | None, typer.Option(help="Days until it expires. Default: never.", min=0)] = None,
) -> None:
    """Create a key and print it, once, because only its hash is stored."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    with transaction() as connection:
        token = api_keys.create(connection, name, scope, expires_at)
    typer.echo(token)


@app.command("list")
def list_() -> None:
    """Show the keys without their secrets."""
    with transaction() as connection:
        keys = api_keys.list_keys(connection)
    table = Table("key", "name", "scopes", "expires", "revoked", box=None)
    for key in keys:
        ends = [f"{time:%Y-%m-%d %H:%M}" if time else "" for time in (key.expires_at, key.revoked_at)]
        table.add_row(key.key_id, key.name, ", ".join(sorted(key.scopes)), *ends)
    Console().print(table)


@app.command()
def revoke(key_id: str) -> None:
    """Revoke a key now."""
    with transaction() as connection:
        if not api_keys.revoke(connection, key_id):
            raise NotPossible(f"no key {key_id} is in force; `rencheng key list` shows all keys")
    typer.echo(f"{key_id} is revoked")
