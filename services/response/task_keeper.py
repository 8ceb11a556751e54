"""Tasks of response plans: every second those of new warnings are generated, and those that are due go on."""

from collections.abc import Sequence
from datetime import datetime

from rencheng.domain.mute import Mute
from rencheng.operations.incidents import follow_incident, incidents_to_follow
from rencheng.operations.task_messages import TaskSender
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Connection
from rencheng.store.tasks.links import delete_expired_task_links
from services.response.warning_keeper import WarningKeeper

log = get_logger("response")


class TaskKeeper(WarningKeeper):
    """Lets the tasks of every warning go on.

    Args:
        database_url: the database.
        public_url: the address of the API, under which people report.
    """

    def __init__(self, database_url: str, public_url: str) -> None:
        super().__init__(database_url, "tasks")
        self._send = TaskSender(public_url)

    def find(self, connection: Connection, _mutes: Sequence[Mute]) -> list[str]:
        """Return the warnings whose tasks need a look."""
        return incidents_to_follow(connection)

    def follow(self, connection: Connection, warning_id: str, mutes: Sequence[Mute]) -> None:
        """Let the tasks of one warning go on."""
        incident = follow_incident(connection, warning_id, mutes, self._send)
        if incident is not None:
            log.info("tasks", warning=warning_id, level=incident.level.word, plan=incident.plan.plan_id)

    def tidy(self, connection: Connection, before: datetime) -> None:
        """Delete links of tasks."""
        delete_expired_task_links(connection, before)
