"""`rencheng db`: the database schema, backup and restore."""

import typer

import migrations
from commands.backup import backup, restore
from rencheng.runtime.settings import DatabaseSettings

app = typer.Typer(help="The database: its schema, backup and restore.", no_args_is_help=True)
app.command()(backup)
app.command()(restore)


@app.command()
def upgrade() -> None:
    """Upgrade the schema to the newest version."""
    migrations.upgrade(DatabaseSettings.load().database_url)
    typer.echo("the schema is up to date")


@app.command()
def downgrade(
    to: str = typer.Option("base", help="The revision to go back to; `base` is an empty schema."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Downgrade the schema. The data in removed tables and columns is lost."""
    if not yes:
        typer.confirm("This deletes data. Continue?", abort=True)
    migrations.downgrade(DatabaseSettings.load().database_url, to)
    typer.echo(f"the schema is at {to}")
