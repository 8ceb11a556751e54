"""A proposed command, and a key of a person who may approve it."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.operations.commands import PLATFORM, commanded_device, new_command
from rencheng.response.commands.forms import CommandForm
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import LIXIA

ACTUATOR = {"device_id": "new-barrier", "kind": "barrier", "region": LIXIA}
COMMAND = {"device_id": "new-barrier", "verb": "barrier.close", "key": "k", "reason": "x"}
_PERSON = {"person_id": "new-ann", "name": "安", "regions": [LIXIA]}


def prepare_command(client: httpx.Client, city: Engine, path: str, names: dict[str, str]) -> None:
    """Register a barrier, and propose its closing. The request is made with the key of a person."""
    client.put("/v1/people/new-ann", json=_PERSON)
    client.put("/v1/actuators/new-barrier", json=ACTUATOR)
    form = CommandForm.model_validate({name: COMMAND[name] for name in ("device_id", "verb", "reason")})
    with city.begin() as connection:
        device = commanded_device(connection, "new-barrier")
        made = new_command(connection, device, form, "k", asked_by=PLATFORM, is_proposed=True, proposal_id="p")
        needed = "x" if path.endswith("handled") else ""
        connection.execute(text("UPDATE commands SET person_needed = :needed"), {"needed": needed})
        names["token"] = api_keys.create(connection, "a test", list(KeyScope), person_id="new-ann")
    names["command_id"] = made.command_id


def propose_closing(engine: Engine, run: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a barrier, propose its closing, and give the shell the key of bo. Return the command."""
    form = CommandForm.model_validate({"device_id": "b1", "verb": "barrier.close", "reason": "x"})
    run("actuator add", "b1", "--kind", "barrier", "--region", LIXIA)
    monkeypatch.setenv("RENCHENG_PERSON_KEY", run("key create", "bo", "--scope", "admin", "--person", "bo"))
    with engine.begin() as connection:
        device = commanded_device(connection, "b1")
        made = new_command(connection, device, form, "k", asked_by=PLATFORM, is_proposed=True, proposal_id="p")
        connection.execute(text("UPDATE commands SET person_needed = 'x'"))
    return made.command_id
