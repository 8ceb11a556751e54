"""Commands and tasks of one place: what a device did not do becomes a task, and nothing opens before the reopening."""

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.devices.actuators import save_actuator
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.operations.commands import PLATFORM, commanded_device, new_command
from rencheng.response.commands.forms import ActuatorForm, CommandForm
from rencheng.store.commands.observed import place_now
from tests.api.routes.test_tasks import WARNING, tasks, warn
from tests.support.api import LIXIA
from tests.support.tasks import look_at_tasks, staff


@pytest.fixture(autouse=True)
def _staff(city: Engine) -> None:
    staff(city)
    with city.begin() as connection:
        connection.execute(text("TRUNCATE actuators CASCADE"))


def fail_to_close(city: Engine) -> str:
    """Write a command to close the underpass that its barrier did not carry out. Return its id."""
    barrier = ActuatorForm.model_validate(
        {"device_id": "b1", "kind": "barrier", "region": LIXIA, "site_id": "underpass"}
    )
    form = CommandForm.model_validate({"device_id": "b1", "verb": "barrier.close", "reason": "x"})
    with city.begin() as connection:
        save_actuator(connection, barrier, actor="a test")
        device = commanded_device(connection, "b1")
        made = new_command(connection, device, form, "k", asked_by=PLATFORM, is_proposed=True, proposal_id="p")
        connection.execute(text("UPDATE commands SET person_needed = 'silent'"))
    return made.command_id


def test_what_a_device_did_not_do_becomes_one_task_of_a_person(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    command = fail_to_close(city)
    look_at_tasks(city)
    look_at_tasks(city)

    on_site = [task for name, task in tasks(client).items() if name.startswith("command ")]
    assert [(task["task"], task["state"], task["role"]) for task in on_site] == [
        (f"command {command}", "open", "keeper")
    ]
    with city.begin() as connection:
        document = connection.execute(
            text("SELECT document FROM tasks WHERE template_id LIKE 'command %'")
        ).scalar_one()
    assert document["asked"] == ["bo"]
    assert document["template"]["evidence"] == ["state"]


def test_a_command_that_somebody_handled_makes_no_task(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    fail_to_close(city)
    with city.begin() as connection:
        connection.execute(text("UPDATE commands SET handled_at = now(), handled_by = 'x'"))
    look_at_tasks(city)

    assert not [name for name in tasks(client) if name.startswith("command ")]


def test_nothing_opens_until_the_task_that_reopens_the_place_is_signed(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    warn(city, 2, Level.RED, MessageType.CANCEL)
    look_at_tasks(city)

    def awaits() -> bool:
        with city.connect() as connection:
            return place_now(connection, "underpass", "actual").awaits_reopening

    assert tasks(client, WARNING)["reopen"]["state"] == "open"
    assert awaits()
    with city.begin() as connection:
        connection.execute(text("UPDATE tasks SET state = 'checked' WHERE template_id = 'reopen'"))
    assert not awaits()
