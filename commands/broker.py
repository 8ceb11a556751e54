"""`rencheng broker`: who may log in."""

import typer

from commands.database_access import open_engine
from local_stack.stack import reload_broker
from rencheng.devices.registration import write_account_file
from rencheng.runtime.settings import BrokerAccounts, checkout
from rencheng.store.core.database import Engine

app = typer.Typer(help="The MQTT broker's accounts.", no_args_is_help=True)


@app.command()
def accounts() -> None:
    """Write the broker's password file from the registry, and have the local broker read it."""
    with open_engine() as engine:
        update_broker_accounts(engine)


def update_broker_accounts(engine: Engine) -> None:
    """Let the broker know who may log in now."""
    number = write_account_file(engine, BrokerAccounts.load())
    told = reload_broker(checkout())
    then = "the broker has read them" if told else "the broker reads them when it is sent SIGHUP"
    typer.echo(f"{number} accounts written; {then}")
