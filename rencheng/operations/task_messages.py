"""Send the messages about tasks: one for each person and place, with all that the person has to do there."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.operations.incidents import TaskNews
from rencheng.response.delivery.dispatch import Content, DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import EXPIRY
from rencheng.response.tasks.intents import TaskAsk, TaskAskKind, TaskCancelled
from rencheng.response.tasks.plan import TaskPhase
from rencheng.response.tasks.task import Task
from rencheng.response.tasks.wording import over_content, tasks_content
from rencheng.store.calls.asks import PersonMethod, proven_methods
from rencheng.store.calls.calls import called_sites
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.enqueue import enqueue
from rencheng.store.tasks.incidents import next_message
from rencheng.store.tasks.links import make_task_links
from rencheng.store.tasks.tasks import open_tasks_of


class TaskSender:
    """Sends the news about tasks, in the transaction that decides it.

    Args:
        public_url: the address of the API, under which people report.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")

    def __call__(self, connection: Connection, warning_id: str, news: Sequence[TaskNews]) -> None:
        """Write a message for each person who is asked, or who has nothing to do any more."""
        asked = {one.intent.person_id for one in news if isinstance(one.intent, TaskAsk)}
        late = {
            one.intent.person_id
            for one in news
            if isinstance(one.intent, TaskAsk) and one.intent.kind is TaskAskKind.OVERDUE
        }
        cancelled = [one.task for one in news if isinstance(one.intent, TaskCancelled) and one.intent.is_over]
        released = {person for task in cancelled for person in (*task.asked, task.person_id) if person} - asked
        if not (asked or released):
            return
        task = news[0].task
        site = called_sites(connection, [task.site_id]).get(task.site_id)
        methods = proven_methods(connection, asked | released, task.world, max(one.task.level for one in news))
        if site is None or not methods:
            return
        remaining = [stored.task for stored in open_tasks_of(connection, warning_id)]
        now = database_now(connection)
        number = next_message(connection, warning_id)
        tokens = make_task_links(connection, warning_id, [one for one in methods if _own(remaining, one, late)])
        intents: list[DispatchIntent] = []
        for person in methods:
            own = _own(remaining, person, late)
            if own:
                link = f"{self._public_url}/tasks/{tokens[person]}"
                level = max(one.level for one in own)
                content = tasks_content(site, level, own, link, now, is_late=person in late)
            elif person in released:
                level, content = Level.BLUE, over_content(site, warning_id, now)
            else:
                continue
            phase = own[0].template.phase if own else cancelled[0].template.phase
            intents += _intents(methods[person], site, warning_id, phase, number, level, content, now, is_end=not own)
        enqueue(connection, intents)


def _own(tasks: Sequence[Task], person: str, late: Collection[str]) -> list[Task]:
    """Return what a person has to do: what nobody or the person has taken on; of one who is urged, all that is late."""
    return [
        task
        for task in tasks
        if person in task.asked and (task.person_id in {None, person} or person in late) and task.state != "done"
    ]


def _intents(
    methods: Sequence[PersonMethod],
    site: Site,
    warning_id: str,
    phase: TaskPhase,
    number: int,
    level: Level,
    content: Content,
    now: datetime,
    *,
    is_end: bool,
) -> Iterator[DispatchIntent]:
    for method in methods:
        yield DispatchIntent(
            method_id=method.method_id,
            world=site.world,
            source=DispatchSource.TASK,
            source_id=f"{warning_id}/tasks/{number}",
            purpose="task",
            level=level,
            line=f"task {warning_id} {phase}",
            sequence=number,
            due_at=now,
            expires_at=now + EXPIRY,
            warning_id=warning_id,
            is_end=is_end,
            content=content,
        )
