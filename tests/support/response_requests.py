"""What requests about plans, tasks and responses change."""

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.operations.declarations import declare
from rencheng.operations.incidents import follow_incident, send_no_news
from rencheng.operations.plans import add_plan_version
from rencheng.operations.signers import Signer
from rencheng.response.tasks.forms import PlanForm
from tests.support.api import LIXIA
from tests.support.streams import SITES_BY_ID, record_messages, rendered
from tests.support.tasks import staff

TASK = {"task": "close", "title_zh": "封", "title_en": "Close", "role": "police", "level": "red", "due_min": 10}
PLAN = {"plan_id": "new-plan", "region": LIXIA, "tasks": [TASK]}


def prepare_response(city: Engine, path: str, names: dict[str, str]) -> None:
    """Write a plan of another author, and a task that is done if it is to be checked; the test's key is of bo."""
    staff(city)
    with city.begin() as connection:
        connection.execute(text("UPDATE api_keys SET person_id = 'bo' WHERE name = 'a test'"))
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
