"""Incidents: what is done about a warning, from its first task to the reopening of the place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.reach import Reach
from rencheng.domain.site import Site
from rencheng.response.tasks.plan import ResponsePlan
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.tables import warning_events, warnings
from rencheng.store.schema.task_tables import incidents, tasks

FORGOTTEN_AFTER = timedelta(hours=24)
"""A warning without a message for this time gets no tasks; the engine renews a warning every 6 h. Proposal."""

_PLAN = TypeAdapter(ResponsePlan)


@dataclass(frozen=True, slots=True)
class Incident:
    """What is done about a warning.

    Attributes:
        level: the highest level for which tasks were generated.
        plan: the plan as it was when the first tasks were generated.
        messages: the number of messages about its tasks.
    """

    warning_id: str
    world: str
    site_id: str
    region: str
    level: Level
    plan: ResponsePlan
    opened_at: datetime
    cleared_at: datetime | None
    reopened_at: datetime | None
    messages: int


_LOOK = text("""
SELECT w.warning_id, w.site_id, w.world, w.level FROM warnings AS w LEFT JOIN incidents AS i USING (warning_id)
WHERE w.closed_at IS NULL AND w.level > 0
    AND (i.warning_id IS NULL AND w.updated_at > now() - CAST(:forgotten AS interval) OR w.peak_level > i.level)
UNION
SELECT w.warning_id, w.site_id, w.world, w.level FROM incidents AS i JOIN warnings AS w USING (warning_id)
WHERE i.cleared_at IS NULL AND w.closed_at IS NOT NULL
UNION
SELECT w.warning_id, w.site_id, w.world, w.level
FROM responses AS r
    JOIN incidents AS i ON i.world = r.world AND i.cleared_at IS NULL
        AND i.region LIKE regexp_replace(r.region, '(00){1,2}$', '') || '%'
    JOIN warnings AS w USING (warning_id)
    CROSS JOIN jsonb_array_elements(i.plan -> 'tasks') AS e
WHERE r.ended_at IS NULL AND r.number <= CAST(e ->> 'from_response' AS int) AND NOT EXISTS (
        SELECT FROM tasks AS t WHERE t.warning_id = i.warning_id AND t.template_id = e ->> 'template_id'
    )
UNION
SELECT w.warning_id, w.site_id, w.world, w.level FROM commands AS c JOIN incidents AS i USING (site_id, world)
    JOIN warnings AS w ON w.warning_id = i.warning_id
WHERE c.person_needed <> '' AND c.handled_at IS NULL AND i.cleared_at IS NULL
    AND c.asked_at >= i.opened_at - interval '1 min' AND NOT EXISTS (
        SELECT FROM tasks AS t WHERE t.warning_id = i.warning_id AND t.template_id = 'command ' || c.command_id
    )
UNION
SELECT w.warning_id, w.site_id, w.world, w.level FROM tasks AS t JOIN warnings AS w USING (warning_id)
WHERE t.next_due <= now()
ORDER BY level DESC
""")


def incidents_to_look_at(connection: Connection) -> list[Row]:
    """Return the warnings that need tasks, of which a task is due, or that ended; the gravest first.

    A task of an exercise is due in the time of its world, which is in the past; then the look changes nothing.
    """
    return list(connection.execute(_LOOK, {"forgotten": FORGOTTEN_AFTER}).mappings())


def add_incident(connection: Connection, warning_id: str, site: Site, plan: ResponsePlan, at: datetime) -> None:
    """Write a new incident without tasks. One that exists stays as it is."""
    values = {
        "warning_id": warning_id,
        "world": site.world,
        "site_id": site.site_id,
        "region": site.region,
        "level": int(Level.NONE),
        "plan_id": plan.plan_id,
        "plan_version": plan.version,
        "plan": _PLAN.dump_python(plan, mode="json"),
        "opened_at": at,
    }
    connection.execute(insert(incidents).values(values).on_conflict_do_nothing())


def lock_incident(connection: Connection, warning_id: str, *, wait: bool = False) -> Incident | None:
    """Lock an incident; None if there is none, or another process has it."""
    query = select(incidents).where(incidents.c.warning_id == warning_id)
    row = connection.execute(query.with_for_update(skip_locked=not wait)).mappings().one_or_none()
    return None if row is None else as_incident(row)


def change_incident(connection: Connection, warning_id: str, **values: object) -> None:
    """Write columns of an incident."""
    connection.execute(update(incidents).where(incidents.c.warning_id == warning_id).values(values))


def next_message(connection: Connection, warning_id: str) -> int:
    """Count a message about tasks. Return its number."""
    query = update(incidents).where(incidents.c.warning_id == warning_id).values(messages=incidents.c.messages + 1)
    number: int = connection.execute(query.returning(incidents.c.messages)).scalar_one()
    return number


def levels_began(connection: Connection, warning_id: str) -> dict[Level, datetime]:
    """Return when a warning first had each level, or a higher one."""
    query = select(warning_events.c.level, func.min(warning_events.c.issued_at).label("at"))
    rows = connection.execute(query.where(warning_events.c.warning_id == warning_id).group_by("level")).all()
    found = {level: [row.at for row in rows if row.level >= level] for level in WARNING_LEVELS}
    return {level: min(times) for level, times in found.items() if times}


def earlier_incidents(connection: Connection, site_id: str, warning_id: str) -> list[str]:
    """Return the incidents of a place that wait for its reopening, apart from one."""
    query = select(incidents.c.warning_id).where(
        incidents.c.site_id == site_id,
        incidents.c.warning_id != warning_id,
        incidents.c.cleared_at.is_not(None),
        incidents.c.reopened_at.is_(None),
    )
    return list(connection.execute(query).scalars())


_AWAITS_REOPENING = text("""
SELECT EXISTS (SELECT FROM incidents WHERE site_id = :site_id AND cleared_at IS NULL)
    OR EXISTS (
        SELECT FROM incidents AS i JOIN tasks AS t USING (warning_id)
        WHERE i.site_id = :site_id AND t.state NOT IN ('checked', 'cancelled')
            AND t.document #>> '{template,phase}' = 'after'
            AND CAST(t.document #>> '{template,signatures}' AS integer) > 0
    )
""")


def awaits_reopening(connection: Connection, site_id: str) -> bool:
    """Return whether something is still done about a place, or a task that reopens it is not signed."""
    return bool(connection.execute(_AWAITS_REOPENING, {"site_id": site_id}).scalar())


def commands_without_task(connection: Connection, warning_id: str) -> list[Row]:
    """Return the commands to devices of a warning's place that were not confirmed, and that no task is for yet."""
    return list(connection.execute(_COMMANDS, {"warning_id": warning_id}).mappings())


_COMMANDS = text("""
SELECT c.command_id, c.device_id, c.verb FROM incidents AS i JOIN commands AS c USING (site_id, world)
WHERE i.warning_id = :warning_id AND i.cleared_at IS NULL AND c.person_needed <> '' AND c.handled_at IS NULL
    AND c.asked_at >= i.opened_at - interval '1 min' AND NOT EXISTS (
        SELECT FROM tasks AS t WHERE t.warning_id = i.warning_id AND t.template_id = 'command ' || c.command_id
    )
ORDER BY c.asked_at
""")


def has_open_warning(connection: Connection, site_id: str) -> bool:
    """Return whether a place has a warning."""
    query = select(warnings.c.warning_id).where(warnings.c.site_id == site_id, warnings.c.closed_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def find_incident(connection: Connection, warning_id: str) -> Incident | None:
    """Return the incident of a warning."""
    row = connection.execute(select(incidents).where(incidents.c.warning_id == warning_id)).mappings().one_or_none()
    return None if row is None else as_incident(row)


def list_incidents(
    connection: Connection, *, reach: Reach, world: str | None, include_over: bool, limit: int
) -> list[Incident]:
    """Return incidents, the newest first: without `include_over` those that are not over."""
    query = select(incidents).where(within(reach, incidents.c.region, incidents.c.world))
    if world is not None:
        query = query.where(incidents.c.world == world)
    if not include_over:
        runs = exists().where(tasks.c.warning_id == incidents.c.warning_id, tasks.c.state.not_in(_OVER))
        query = query.where(or_(incidents.c.cleared_at.is_(None), runs))
    rows = connection.execute(query.order_by(incidents.c.opened_at.desc(), incidents.c.warning_id).limit(limit))
    return [as_incident(row) for row in rows.mappings()]


_OVER = ("done", "checked", "cancelled")


def as_incident(row: Row) -> Incident:
    """Return the incident of a row."""
    return Incident(
        row["warning_id"],
        row["world"],
        row["site_id"],
        row["region"],
        Level(row["level"]),
        _PLAN.validate_python(row["plan"]),
        row["opened_at"],
        row["cleared_at"],
        row["reopened_at"],
        row["messages"],
    )


def lock_site(connection: Connection, site_id: str) -> None:
    """Hold new incidents of a place back until this transaction ends, so that none begins while it is reopened."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"incident/{site_id}"})
