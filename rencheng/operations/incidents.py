"""Incidents: generate the tasks of a warning, let them go on, and end them at the all-clear."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from rencheng.domain.level import Level
from rencheng.domain.mute import Mute
from rencheng.domain.site import Site
from rencheng.operations.calls import is_muted
from rencheng.operations.plans import plan_for
from rencheng.operations.task_roll import roll_of
from rencheng.response.calls.inputs import TimePassed
from rencheng.response.calls.stepping import Roll
from rencheng.response.tasks.escalation import posts_of
from rencheng.response.tasks.inputs import AllCleared, TaskInput, WarnedAgain
from rencheng.response.tasks.intents import TaskAdvance, TaskIntent
from rencheng.response.tasks.machine import advance_task, open_task
from rencheng.response.tasks.plan import ProofKind, TaskPhase, TaskTemplate
from rencheng.response.tasks.task import Task
from rencheng.store.calls.calls import called_sites, find_warning, world_time
from rencheng.store.calls.rosters import has_rosters
from rencheng.store.core.database import Connection
from rencheng.store.core.sessions import Row
from rencheng.store.tasks import incidents as store
from rencheng.store.tasks.incidents import Incident
from rencheng.store.tasks.plans import load_plans
from rencheng.store.tasks.responses import declared_number
from rencheng.store.tasks.tasks import StoredTask, TaskStep, add_tasks, open_tasks_of, record_task, tasks_of

ON_SITE_ROLE, ON_SITE_S = "keeper", 600.0
"""Who does on site what a device did not, and within which time. Source: response reference 3.3, a closing takes about
ten minutes with people near the place."""


class TaskNews(NamedTuple):
    """What follows from a step of a task."""

    task: Task
    intent: TaskIntent


SendNews = Callable[[Connection, str, Sequence[TaskNews]], None]
"""Sends the messages about tasks of a warning, in the transaction that decides them."""


def incidents_to_follow(connection: Connection) -> list[str]:
    """Return the warnings whose tasks need a look. Without any roster and plan no task is generated."""
    found = store.incidents_to_look_at(connection)
    if found and not (has_rosters(connection) or load_plans(connection)):
        return []
    return [row["warning_id"] for row in found]


def follow_incident(connection: Connection, warning_id: str, mutes: Sequence[Mute], send: SendNews) -> Incident | None:
    """Generate the tasks of a warning that it has not yet, and let those go on that are due.

    Nothing is done while another process does it, or while a silence suppresses the level. Return the incident.
    """
    warning = find_warning(connection, warning_id)
    site = called_sites(connection, [warning["site_id"]]).get(warning["site_id"]) if warning else None
    if warning is None or site is None:
        return None
    now = world_time(connection, site.world)
    is_over = warning["closed_at"] is not None
    incident = store.lock_incident(connection, warning_id)
    if not is_over and is_muted(site, mutes, warning["level"], now):
        return incident
    if incident is None and not is_over:
        incident = _begin(connection, warning_id, site, now, send)
    if incident is None:
        return None
    news: list[TaskNews] = []
    if incident.cleared_at is None:
        news += _generate(connection, incident, site, warning, now)
        news += _replace_commands(connection, incident, site, now)
        news += _clear(connection, incident, site, warning, now) if is_over else []
    for stored in open_tasks_of(connection, warning_id):
        news += _step(connection, stored, TimePassed(), now)
    send(connection, warning_id, news)
    return incident


def _begin(connection: Connection, warning_id: str, site: Site, now: datetime, send: SendNews) -> Incident | None:
    """Begin an incident by the plan that is in force now. What is left of earlier ones at the site is cancelled."""
    plan = plan_for(connection, site)
    if plan is None:
        return None
    store.add_incident(connection, warning_id, site, plan, now)
    incident = store.lock_incident(connection, warning_id)
    if incident is not None:
        _warn_again(connection, site, warning_id, now, send)
    return incident


def _generate(connection: Connection, incident: Incident, site: Site, warning: Row, now: datetime) -> list[TaskNews]:
    """Generate the tasks of the highest level so far, and of the response of its region. Those that exist stay."""
    level = Level(warning["peak_level"])
    new = [each for each in incident.plan.tasks_at(level, TaskPhase.RESPONSE) if each.from_level > incident.level]
    new += [each for each in _of_response(connection, incident) if each not in new]
    if level <= incident.level and not new:
        return []
    roll = _roll(connection, site, new, level)
    began = store.levels_began(connection, incident.warning_id)
    opened = [
        open_task(incident.warning_id, site, level, each, began.get(each.from_level, now), roll, now) for each in new
    ]
    store.change_incident(connection, incident.warning_id, level=int(max(level, incident.level)))
    return _add(connection, opened, roll, now)


def _of_response(connection: Connection, incident: Incident) -> list[TaskTemplate]:
    """Return the tasks that the declared response of the region asks for, and that the warning has not had."""
    number = declared_number(connection, incident.world, incident.region)
    wanted = incident.plan.tasks_for_response(number) if number is not None else ()
    known = {each.task.template.template_id for each in tasks_of(connection, incident.warning_id)} if wanted else set()
    return [each for each in wanted if each.template_id not in known]


def _replace_commands(connection: Connection, incident: Incident, site: Site, now: datetime) -> list[TaskNews]:
    """Open a task for each command to a device of the place that was not confirmed: a person does it on site."""
    found = store.commands_without_task(connection, incident.warning_id)
    if not found:
        return []
    templates = [
        TaskTemplate(
            f"command {each['command_id']}",
            f"人工处置：{each['device_id']} {each['verb']} 未落实",
            f"On site: {each['verb']} of {each['device_id']} is not confirmed",
            ON_SITE_ROLE,
            Level.BLUE,
            ON_SITE_S,
            evidence=(ProofKind.STATE,),
        )
        for each in found
    ]
    level = incident.level or Level.BLUE
    roll = _roll(connection, site, templates, level)
    return _add(
        connection, [open_task(incident.warning_id, site, level, each, now, roll, now) for each in templates], roll, now
    )


def _clear(connection: Connection, incident: Incident, site: Site, warning: Row, now: datetime) -> list[TaskNews]:
    found = open_tasks_of(connection, incident.warning_id)
    news = [one for stored in found for one in _step(connection, stored, AllCleared(), now)]
    templates = incident.plan.tasks_at(Level(warning["peak_level"]), TaskPhase.AFTER)
    roll = _roll(connection, site, templates, Level.BLUE)
    began = warning["closed_at"]
    opened = [open_task(incident.warning_id, site, Level.BLUE, template, began, roll, now) for template in templates]
    news += _add(connection, opened, roll, now)
    store.change_incident(connection, incident.warning_id, cleared_at=warning["closed_at"])
    return news


def _warn_again(connection: Connection, site: Site, warning_id: str, now: datetime, send: SendNews) -> None:
    """Cancel what is left of reopening the place after earlier warnings."""
    for earlier in store.earlier_incidents(connection, site.site_id, warning_id):
        if store.lock_incident(connection, earlier, wait=True) is None:
            continue
        news = [
            one
            for stored in open_tasks_of(connection, earlier)
            for one in _step(connection, stored, WarnedAgain(), now)
        ]
        send(connection, earlier, news)


def _add(connection: Connection, opened: Sequence[TaskAdvance], roll: Roll, now: datetime) -> list[TaskNews]:
    added = add_tasks(connection, [TaskStep(None, roll, now, result) for result in opened])
    return [one for step in added for one in _news(step.result)]


def _step(connection: Connection, stored: StoredTask, given: TaskInput, now: datetime) -> list[TaskNews]:
    task = stored.task
    if isinstance(given, TimePassed) and (task.next_due is None or task.next_due > now):
        return []
    posts = posts_of(task.template)
    roll = roll_of(connection, posts, task.region, task.site_id, task.world, task.level)
    result = advance_task(task, given, roll, now)
    if result.task != task or result.intents:
        record_task(connection, stored, TaskStep(given, roll, now, result))
    return _news(result)


def _news(result: TaskAdvance) -> list[TaskNews]:
    return [TaskNews(result.task, intent) for intent in result.intents]


def _roll(connection: Connection, site: Site, templates: Sequence[TaskTemplate], level: Level) -> Roll:
    posts = [post for template in templates for post in posts_of(template)]
    return roll_of(connection, posts, site.region, site.site_id, site.world, level) if posts else {}


def send_no_news(_connection: Connection, _warning_id: str, _news: Sequence[TaskNews]) -> None:
    """Send nothing: the intents are on record all the same."""
