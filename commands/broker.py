"""`rencheng broker`: the accounts of the MQTT broker."""

import typer

from commands.database_access import open_engine
from local_stack.stack import reload_broker
from rencheng.devices.registration import write_account_file
from rencheng.runtime.settings import BrokerAccounts, checkout
from rencheng.store.core.database import Engine

app = typer.Typer(help="The accounts of the MQTT broker.", no_args_is_help=True)


@app.command()
def accounts() -> None:
    """Write the broker's password file from the registry, and reload the local broker."""
    with open_engine() as engine:
        update_broker_accounts(engine)


def update_broker_accounts(engine: Engine) -> None:
    """Write the accounts of all devices and gateways, and reload the local broker."""
    number = write_account_file(engine, BrokerAccounts.load())
    reloaded = reload_broker(checkout())
    then = "the broker is reloaded" if reloaded else "send the broker SIGHUP to load them"
    typer.echo(f"{number} accounts written; {then}")
