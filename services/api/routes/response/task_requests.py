"""What requests about tasks have in common."""

from datetime import UTC, datetime

from rencheng.operations.tasks import Reporter
from rencheng.store.core.sessions import Connection
from rencheng.store.places import of_people
from rencheng.store.tasks.evidence import evidence_of
from rencheng.store.tasks.tasks import StoredTask, find_task
from services.api.auth.principal import Principal
from services.api.deps import Zone
from services.api.http.errors import InvalidParameter, NotFound
from services.api.routes.response.task_models import TaskDetail, task_detail


def existing_task(connection: Connection, task_id: int) -> StoredTask:
    """Return a task.

    Raises:
        NotFound: there is none.
    """
    stored = find_task(connection, task_id)
    if stored is None:
        raise NotFound(f"There is no task {task_id}.")
    return stored


def detail_of_task(connection: Connection, task_id: int, zone: Zone) -> TaskDetail:
    """Return a task with its evidence."""
    stored = existing_task(connection, task_id)
    return task_detail(stored, evidence_of(connection, task_id), zone, datetime.now(UTC))


def reporter_of(connection: Connection, caller: Principal, person_id: str | None) -> Reporter:
    """Return who reports: the named person, else the person of the key.

    Raises:
        InvalidParameter: there is neither.
    """
    name = person_id or caller.person_id
    if name is None:
        raise InvalidParameter("Name the person who did it: your key names none. Send `person_id`.")
    caller.require(of_people(connection, [name]))
    return Reporter(name, caller.actor, "api", caller.person_id)
