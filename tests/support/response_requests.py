"""What requests about plans, tasks and responses change."""

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.operations.declarations import declare, follow_region
from rencheng.operations.incidents import follow_incident, send_no_news
from rencheng.operations.plan_files import default_plans
from rencheng.operations.plans import add_plan_version
from rencheng.operations.signers import Signer
from rencheng.response.tasks.forms import PlanForm
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import Connection
from tests.support.api import LIXIA
from tests.support.streams import SITES_BY_ID, record_messages, rendered
from tests.support.tasks import staff

TASK = {"task": "close", "title_zh": "封", "title_en": "Close", "role": "police", "level": "red", "due_min": 10}
PLAN = {"plan_id": "new-plan", "region": LIXIA, "tasks": [TASK]}


def prepare_response(city: Engine, path: str, names: dict[str, str]) -> None:
    """Write a plan of another author, and a task that is done if it is to be checked; the key is of bo."""
    staff(city)
    with city.begin() as connection:
        names["token"] = api_keys.create(connection, "a test", list(KeyScope), person_id="bo")
        connection.execute(text("UPDATE people SET roles = '{flood_head}' WHERE person_id = 'bo'"))
        if "decisions" in path:
            declared = declare(connection, LIXIA, 4, signer=Signer("another", "bo"), rules=())
            names["response_id"] = str(declared.response_id)
        if "approval" in path:
            add_plan_version(connection, PlanForm.model_validate(PLAN), signer=Signer("another", "ann"))
    if "tasks" not in path and "events" not in path:
        return
    record_messages(city, rendered("w-tasks", 1, Level.RED, site=SITES_BY_ID["underpass"]))
    with city.begin() as connection:
        follow_incident(connection, "w-tasks", [], send_no_news)
        names["warning_id"] = "w-tasks"
        names["task_id"] = str(connection.execute(text("SELECT min(task_id) FROM tasks")).scalar_one())
    if "checks" in path:
        with city.begin() as connection:
            done = """UPDATE tasks SET document = jsonb_set(document, '{state}', '"done"')"""
            connection.execute(text(done))


def generate_tasks(connection: Connection) -> None:
    """Generate the tasks of the warning w1, and write a plan that nobody has approved."""
    follow_incident(connection, "w1", [], send_no_news)
    [plan] = [form for form in default_plans() if form.plan_id == "default-road"]
    add_plan_version(connection, plan.model_copy(update={"region": "370102"}), signer=Signer("another", None))


def responded(engine: Engine, command: str) -> str:
    """Return the number of a response, which is proposed if it is to be declined, declared if it is to be ended."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE people SET roles = '{flood_head}' WHERE person_id = 'bo'"))
        connection.execute(text("DELETE FROM responses"))
        if command == "response decline":
            follow_region(connection, "actual", "370102", [Level.ORANGE], ())
        elif command == "response end":
            declare(connection, "370102", 4, signer=Signer("another", "bo"), rules=())
        return str(connection.execute(text("SELECT max(response_id) FROM responses")).scalar())


def signed(engine: Engine, command: str) -> dict[str, str]:
    """Return the number of a task, which is done if it is to be checked."""
    with engine.begin() as connection:
        if command == "task check":
            connection.execute(text("""UPDATE tasks SET document = jsonb_set(document, '{state}', '"done"')"""))
        return {"task": str(connection.execute(text("SELECT min(task_id) FROM tasks")).scalar_one())}
