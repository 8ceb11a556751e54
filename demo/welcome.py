"""The addresses and the API key that the demo prints at its end."""

from rich.console import Console

from rencheng.runtime.settings import BrokerSettings
from rencheng.store.access.api_keys import KeyScope, create
from rencheng.store.core.database import Engine


def welcome(console: Console, engine: Engine, api_url: str) -> None:
    """Print the addresses and a new API key that may read telemetry and warnings."""
    with engine.begin() as connection:
        token = create(connection, "demo", [KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ])
    console.print()
    console.print(f"status page {api_url}/")
    console.print(f"API docs    {api_url}/docs")
    console.print(f"broker      {BrokerSettings.load().mqtt_url}")
    console.print(f"API key     {token}", soft_wrap=True)
    console.print(
        f"try         curl -H 'Authorization: Bearer {token}' '{api_url}/v1/sites?world=demo'", soft_wrap=True
    )
    console.print("README shows how to publish your own message. Ctrl-C stops the services.")
