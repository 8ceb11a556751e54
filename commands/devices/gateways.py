"""`rencheng gateway`: accounts that publish for devices without an account of their own."""

from typing import Annotated

import typer

from commands.broker import update_broker_accounts
from commands.database_access import open_engine, operator, transaction
from rencheng.devices.registration import register_gateway_account, remove_gateway_account
from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.store.registry.gateways import load_gateways

app = typer.Typer(
    help="Gateways: accounts that publish for the devices of one kind in one region.", no_args_is_help=True
)

RegionArgument = Annotated[str, typer.Argument(help="The district: a six-digit GB/T 2260 code, such as 370102.")]
KindArgument = Annotated[Kind, typer.Argument(help="The kind of its devices.")]


@app.command()
def add(region: RegionArgument, kind: KindArgument) -> None:
    """Create a gateway, or give it a new password. Print its account and its password, once."""
    gateway = Gateway(region, kind)
    with open_engine() as engine:
        password = register_gateway_account(engine, gateway, actor=operator())
        update_broker_accounts(engine)
    typer.echo(f"user      {gateway.account}")
    typer.echo(f"password  {password}")


@app.command("list")
def list_() -> None:
    """Show the gateways."""
    with transaction() as connection:
        for gateway, _ in load_gateways(connection):
            typer.echo(gateway.account)


@app.command()
def remove(region: RegionArgument, kind: KindArgument) -> None:
    """Delete a gateway's account. Its devices stay registered."""
    with open_engine() as engine:
        with engine.begin() as connection:
            remove_gateway_account(connection, Gateway(region, kind), actor=operator())
        update_broker_accounts(engine)
