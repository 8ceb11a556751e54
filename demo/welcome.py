"""What a newcomer finds on the terminal after the report: where to look, and a key to look with."""

from rich.console import Console

from rencheng.runtime.settings import BrokerSettings
from rencheng.store.access.api_keys import KeyScope, create
from rencheng.store.core.database import Engine


def welcome(console: Console, engine: Engine, api_url: str) -> None:
    """Print the addresses, with a new API key that may read everything."""
    with engine.begin() as connection:
        token = create(connection, "demo", [KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ])
    console.print()
    console.print(f"status page {api_url}/")
    console.print(f"API docs    {api_url}/docs")
    console.print(f"broker      {BrokerSettings.load().mqtt_url}")
    console.print(f"API key     {token}", soft_wrap=True)
    console.print(f"try         curl -H 'Authorization: Bearer {token}' {api_url}/v1/sites", soft_wrap=True)
    console.print("README shows how to publish a message of your own. Ctrl-C ends the services.")
