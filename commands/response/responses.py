"""`rencheng response`: responses IV to I of a region."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import operator, transaction
from commands.response.signing import PersonKey
from rencheng.domain.device import ACTUAL
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations import declarations
from rencheng.operations.signers import signer_of_token
from rencheng.response.declarations.rule import ROMAN, RegionRule
from rencheng.runtime.settings import RulesSettings
from rencheng.store.tasks.responses import list_responses

app = typer.Typer(help="Responses 应急响应 of a region, IV to I.", no_args_is_help=True)

SHOWN_MAX = 100

ResponseName = Annotated[int, typer.Argument(min=1, help="The response's number in the list.")]


@app.command("list")
def list_(over: Annotated[bool, typer.Option("--over", help="Those that are over, too.")] = False) -> None:
    """Show what the platform proposes, and what is in force."""
    with transaction() as connection:
        found = list_responses(connection, reach=EVERYWHERE, world=None, include_over=over, limit=SHOWN_MAX)
    table = Table("response", "region", "world", "state", "in force", "proposed", "because", "since", box=None)
    for each in found:
        response = each.response
        because = ", ".join(f"{word} {count}" for word, count in response.because)
        numbers = (ROMAN.get(response.number or 0, "–"), ROMAN.get(response.proposed or 0, "–"))
        since = f"{response.opened_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
        place = (str(each.response_id), response.region, response.world, response.state.value)
        table.add_row(*place, *numbers, because, since)
    Console().print(table)


@app.command()
def declare(
    region: Annotated[str, typer.Argument(help="The region, such as 370100.")],
    number: Annotated[int, typer.Argument(min=1, max=4, help="4 (IV) to 1 (I).")],
    key: PersonKey,
    world: Annotated[str, typer.Option(help="The world.")] = ACTUAL,
    reason: Annotated[str, typer.Option(help="The reason.")] = "",
) -> None:
    """Declare a response, or change its number, by a person with a role of the number."""
    with transaction() as connection:
        signer = signer_of_token(connection, key, operator())
        stored = declarations.declare(
            connection, region, number, signer=signer, rules=_rules(), reason=reason, world=world
        )
    typer.echo(f"response {stored.response_id}: {ROMAN[number]} is in force in {region}")


@app.command()
def decline(response: ResponseName, key: PersonKey, reason: Annotated[str, typer.Option(help="The reason.")]) -> None:
    """Decide against a proposal."""
    with transaction() as connection:
        signer = signer_of_token(connection, key, operator())
        declarations.decline(connection, response, reason, signer=signer, rules=_rules())
    typer.echo(f"response {response} is declined")


@app.command()
def end(response: ResponseName, key: PersonKey, reason: Annotated[str, typer.Option(help="The reason.")] = "") -> None:
    """End a response. It never ends by itself."""
    with transaction() as connection:
        signer = signer_of_token(connection, key, operator())
        declarations.end_response(connection, response, signer=signer, rules=_rules(), reason=reason)
    typer.echo(f"response {response} has ended")


def _rules() -> tuple[RegionRule, ...]:
    return declarations.read_rules(RulesSettings.load().response_rules_file)
