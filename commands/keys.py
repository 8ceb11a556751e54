"""`rencheng key`: the API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import Reach
from rencheng.operations.keys import make_key, revoke_key
from rencheng.operations.worlds import require_worlds
from rencheng.schemas.fields import DistrictCode, Identifier, Text
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import LIFETIME_DAYS, KeyScope

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The key's owner or purpose, for the list.")],
    scope: Annotated[list[KeyScope], typer.Option(help="A permission; can be repeated.")],
    days: Annotated[float | None, typer.Option(help=f"Days until it expires. Default: {LIFETIME_DAYS}.", min=0)] = None,
    never: Annotated[bool, typer.Option("--never", help="The key does not expire.")] = False,
    region: Annotated[
        list[str] | None, typer.Option(help="Bind the key to a region: a district, city or province; can be repeated.")
    ] = None,
    world: Annotated[
        list[str] | None, typer.Option(help="Bind the key to a world: `actual` or an exercise; can be repeated.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="The one person who uses the key, and signs with it: a name of `people list`.")
    ] = None,
) -> None:
    """Create a key and print it, once, because only its hash is stored."""
    if never and days is not None:
        raise NotPossible("give --days or --never, not both")
    lifetime = None if never else timedelta(days=LIFETIME_DAYS if days is None else days)
    expires_at = None if lifetime is None else datetime.now(UTC) + lifetime
    reach = Reach(_checked(region, DistrictCode, "region"), _checked(world, Identifier, "world"))
    with transaction() as connection:
        require_worlds(connection, reach.worlds)
        [checked_name] = _checked([name], Text, "name")
        token, _ = make_key(
            connection, checked_name, scope, expires_at=expires_at, reach=reach, person_id=person, actor=operator()
        )
    typer.echo(token)
    until = f"expires at {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "does not expire"
    typer.echo(f"the key {until}; store it now, it cannot be shown again", err=True)


@app.command("list")
def list_() -> None:
    """Show the keys without their secrets."""
    with transaction() as connection:
        keys = api_keys.list_keys(connection)
    table = Table(
        "key", "name", "scopes", "regions", "worlds", "expires", "revoked", "last used", "by", "person", box=None
    )
    for key in keys:
        times = [
            f"{time:%Y-%m-%d %H:%M}" if time else "" for time in (key.expires_at, key.revoked_at, key.last_used_at)
        ]
        reach = (", ".join(key.reach.regions) or "all", ", ".join(key.reach.worlds) or "all")
        table.add_row(
            key.key_id, key.name, ", ".join(sorted(key.scopes)), *reach, *times, key.made_by or "", key.person_id or ""
        )
    Console().print(table)


@app.command()
def revoke(key_id: str) -> None:
    """Revoke a key now."""
    with transaction() as connection:
        revoke_key(connection, key_id, actor=operator())
    typer.echo(f"{key_id} is revoked")


def _checked(values: list[str] | None, form: object, name: str) -> tuple[str, ...]:
    try:
        return tuple(TypeAdapter(list[form]).validate_python(values or []))  # type: ignore[valid-type]
    except ValidationError as error:
        raise NotPossible(f"--{name}: {join_findings(validation_findings(error, name))}") from None
