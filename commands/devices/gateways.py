"""`rencheng gateway`: accounts that publish for devices which have none of their own."""

from typing import Annotated

import typer

from commands.broker import update_broker_accounts
from commands.database_access import open_engine, operator, transaction
from rencheng.devices.registration import register_gateway_account
from rencheng.domain.errors import NotPossible
from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.store.registry.gateways import load_gateways, remove_gateway

app = typer.Typer(help="Gateways: accounts that publish for the devices of a kind in a region.", no_args_is_help=True)

Region = Annotated[str, typer.Argument(help="The district: a six-digit GB/T 2260 code, such as 370102.")]
Of = Annotated[Kind, typer.Argument(help="Which family its devices belong to.")]


@app.command()
def add(region: Region, kind: Of) -> None:
    """Let a gateway in, or give it a new password. Prints its account and its password, once."""
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
def remove(region: Region, kind: Of) -> None:
    """Take a gateway's right away. Its devices stay registered."""
    with open_engine() as engine:
        with engine.begin() as connection:
            if not remove_gateway(connection, Gateway(region, kind)):
                raise NotPossible(
                    f"there is no gateway for {kind} in {region}; `rencheng gateway list` shows which are"
                )
        update_broker_accounts(engine)
