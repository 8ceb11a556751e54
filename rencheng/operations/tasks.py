"""Reports of people about tasks. Each function runs in the caller's transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.errors import NotPossible
from rencheng.operations.calls import note_progress
from rencheng.operations.incidents import SendNews, TaskNews
from rencheng.operations.signers import Signer, signing_person
from rencheng.operations.task_roll import roll_of
from rencheng.response.calls.people import Person
from rencheng.response.signatures import Signature
from rencheng.response.tasks.escalation import posts_of
from rencheng.response.tasks.inputs import (
    Arrived,
    Blocked,
    CheckFailed,
    CheckPassed,
    EvidenceAdded,
    Finished,
    GivenBack,
    TaskAccepted,
    TaskInput,
    Unblocked,
)
from rencheng.response.tasks.machine import advance_task
from rencheng.response.tasks.task import TaskState
from rencheng.store.access import audit
from rencheng.store.calls.calls import world_time
from rencheng.store.calls.people import find_people
from rencheng.store.core.database import Connection
from rencheng.store.core.sessions import Row
from rencheng.store.tasks import evidence as evidence_store
from rencheng.store.tasks import incidents
from rencheng.store.tasks.evidence import GivenEvidence
from rencheng.store.tasks.tasks import StoredTask, TaskStep, find_task, lock_task, open_tasks_of, record_task, tasks_of


class TaskMove(StrEnum):
    """What a person reports about a task."""

    ACCEPT = "accept"
    """接受: takes it on."""
    ARRIVE = "arrive"
    """到岗: is at the place."""
    GIVE_BACK = "give_back"
    """无法承担: somebody else is needed now."""
    BLOCK = "block"
    """受阻: nobody can do it for now."""
    UNBLOCK = "unblock"
    """It can be done again."""
    FINISH = "finish"
    """完成: it is done, with its evidence."""


_INPUTS: dict[TaskMove, Callable[["Reporter", str], TaskInput]] = {
    TaskMove.ACCEPT: lambda by, _note: TaskAccepted(by.person_id),
    TaskMove.ARRIVE: lambda by, _note: Arrived(by.person_id),
    TaskMove.GIVE_BACK: lambda by, note: GivenBack(by.person_id, note),
    TaskMove.BLOCK: lambda by, note: Blocked(by.person_id, note),
    TaskMove.UNBLOCK: lambda by, _note: Unblocked(by.person_id),
    TaskMove.FINISH: lambda by, _note: Finished(by.person_id, by.recorder_id),
}

_NEEDS_REASON = frozenset({TaskMove.GIVE_BACK, TaskMove.BLOCK})


@dataclass(frozen=True, slots=True)
class Reporter:
    """A person who reports, perhaps for another one.

    Attributes:
        person_id: the person who did it.
        actor: the name in the audit log.
        via: the way: `api`, `link` or `command`.
        signer_id: the person of the key; None: a link, or a key that names nobody.
    """

    person_id: str
    actor: str
    via: str
    signer_id: str | None = None

    @property
    def recorder_id(self) -> str | None:
        """The person who reports for the other one."""
        return None if self.signer_id == self.person_id else self.signer_id


def move_task(
    connection: Connection, task_id: int, move: TaskMove, by: Reporter, *, note: str = "", send: SendNews
) -> StoredTask:
    """Take a report of a person. A repetition changes nothing.

    Raises:
        NotPossible: there is no such task or person, or the state of the task does not allow it.
    """
    if move in _NEEDS_REASON and not note:
        raise NotPossible(f"{move} needs a reason in `note`")
    stored = _locked(connection, task_id)
    person = _active(connection, by.person_id)
    template = stored.task.template
    if move is TaskMove.FINISH and template.signatures and by.via != "link" and by.signer_id is None:
        raise NotPossible(
            f"{by.actor} names no person, and who does a task that others sign must be known;"
            " use the link in the message, or a key of the person"
        )
    if _is_repeated(stored, move, person.person_id):
        return stored
    result = _apply(connection, stored, _INPUTS[move](by, note), by, send)
    detail = {"person": by.person_id, "move": move.value, "via": by.via} | ({"note": note} if note else {})
    audit.record(connection, by.actor, "task.move", f"task {task_id}", detail)
    note_progress(connection, stored.task.warning_id)
    return result


_REACHED = {
    TaskMove.ACCEPT: TaskState.ACCEPTED,
    TaskMove.ARRIVE: TaskState.ON_SITE,
    TaskMove.FINISH: TaskState.DONE,
    TaskMove.BLOCK: TaskState.CANNOT,
}


def _is_repeated(stored: StoredTask, move: TaskMove, person_id: str) -> bool:
    task = stored.task
    return _REACHED.get(move) is task.state and person_id in {task.person_id, *task.doers}


def report_evidence(
    connection: Connection, task_id: int, given: GivenEvidence, by: Reporter, *, send: SendNews
) -> Row | None:
    """Take evidence of a task, or a hidden danger that was found on the way. The same file again is the same one.

    Return the file of the task that is the same; None: it is new.

    Raises:
        NotPossible: there is no such task or person, or the task is over.
    """
    stored = _locked(connection, task_id)
    _active(connection, by.person_id)
    if given.file is not None:
        known = evidence_store.same_file(connection, task_id, given.file.sha256)
        if known is not None:
            return known
    added = EvidenceAdded(by.person_id, given.kind, by.recorder_id)
    result = _apply(connection, stored, added, by, send)
    at = world_time(connection, result.task.world)
    number = evidence_store.add_evidence(connection, task_id, given, at)
    detail = {"person": by.person_id, "kind": given.kind.value, "via": by.via, "evidence": number}
    audit.record(connection, by.actor, "task.evidence", f"task {task_id}", detail)
    note_progress(connection, stored.task.warning_id)
    return None


def check_task(
    connection: Connection, task_id: int, *, signer: Signer, via: str, passed: bool, note: str = "", send: SendNews
) -> StoredTask:
    """Sign that a task was done well, or let it begin again. The last signature that is needed reopens the place.

    Raises:
        NotPossible: the signer is no person of the region, did it, or has signed; or the place has a warning.
    """
    if not passed and not note:
        raise NotPossible("a check that failed needs a reason in `note`")
    stored = _locked(connection, task_id)
    person = signing_person(connection, signer, stored.task.region)
    if stored.task.reopens and passed and incidents.has_open_warning(connection, stored.task.site_id):
        raise NotPossible(f"{stored.task.site_id} has a warning; a place is reopened after the all-clear")
    now = world_time(connection, stored.task.world)
    given: TaskInput = CheckFailed(person.person_id, note)
    if passed:
        given = CheckPassed(Signature(person.person_id, now, person.roles))
    by = Reporter(person.person_id, signer.actor, via, person.person_id)
    result = _apply(connection, stored, given, by, send)
    detail = {"person": person.person_id, "passed": passed, "state": result.task.state.value}
    audit.record(connection, signer.actor, "task.check", f"task {task_id}", detail | ({"note": note} if note else {}))
    _reopen_if_checked(connection, result, now)
    return result


def _reopen_if_checked(connection: Connection, stored: StoredTask, now: datetime) -> None:
    """Write that the place is reopened, once all tasks that reopen it are checked."""
    task = stored.task
    if not task.reopens or task.state is not TaskState.CHECKED:
        return
    reopening = [each.task for each in tasks_of(connection, task.warning_id) if each.task.reopens]
    if all(each.state is TaskState.CHECKED for each in reopening):
        incidents.change_incident(connection, task.warning_id, reopened_at=now)


def _apply(connection: Connection, stored: StoredTask, given: TaskInput, by: Reporter, send: SendNews) -> StoredTask:
    task = stored.task
    now = world_time(connection, task.world)
    roll = roll_of(connection, posts_of(task.template), task.region, task.site_id, task.world, task.level)
    result = advance_task(task, given, roll, now)
    if result.refusal:
        raise NotPossible(f"it changes nothing: {result.refusal}")
    changed = record_task(connection, stored, TaskStep(given, roll, now, result, by.actor, by.via))
    send(connection, task.warning_id, [TaskNews(result.task, intent) for intent in result.intents])
    return changed


def _locked(connection: Connection, task_id: int) -> StoredTask:
    """Lock the incident of a task, then the task."""
    found = find_task(connection, task_id)
    if found is not None and incidents.lock_incident(connection, found.task.warning_id, wait=True) is not None:
        found = lock_task(connection, task_id)
    if found is None:
        raise NotPossible(f"there is no task {task_id}; `rencheng task list` shows all that are open")
    return found


def _active(connection: Connection, person_id: str) -> Person:
    person = find_people(connection, [person_id]).get(person_id)
    if person is None or not person.active:
        raise NotPossible(f"the person {person_id} is not registered or not active; `rencheng people list` shows all")
    return person


def open_tasks_of_person(connection: Connection, warning_id: str, person_id: str) -> list[StoredTask]:
    """Return the tasks of a warning that a person was asked to do or has taken on, and that are not over."""
    found = open_tasks_of(connection, warning_id)
    return [one for one in found if person_id in one.task.asked or person_id == one.task.person_id]
