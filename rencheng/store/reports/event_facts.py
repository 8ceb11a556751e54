"""The rows that an event report is computed from."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text

from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.sensor import Role, depth_at_lowest_point_mm
from rencheng.domain.site import Site, ThresholdProfile
from rencheng.response.reports.facts import EventFacts, Record
from rencheng.store.calls.answers import answers_of_call
from rencheng.store.core.database import database_now
from rencheng.store.registry.sites import find_sites, profile_versions
from rencheng.store.schema.call_tables import calls
from rencheng.store.schema.tables import warning_events, warnings, waterlogging_readings
from rencheng.store.schema.task_tables import evidence, incidents, task_events, tasks

LOOK_BACK = timedelta(hours=1)
"""Depths and rain from this time before the warning are in the report. Proposal."""


def event_facts(connection: Connection, warning_id: str, remarks: Mapping[str, str]) -> EventFacts | None:
    """Return everything on record about a warning; None if there is no such warning or site."""
    warning = _one(connection, select(warnings).where(warnings.c.warning_id == warning_id))
    site = find_sites(connection, [warning["site_id"]]).get(warning["site_id"]) if warning else None
    if warning is None or site is None:
        return None
    events = _all(
        connection, select(warning_events).where(warning_events.c.warning_id == warning_id).order_by("sequence")
    )
    profile = _profile(connection, site, events)
    incident = _one(connection, select(incidents).where(incidents.c.warning_id == warning_id))
    begin, end = warning["opened_at"] - LOOK_BACK, warning["closed_at"] or database_now(connection)
    call = _one(connection, select(calls).where(calls.c.warning_id == warning_id))
    own_tasks = _tasks(connection, warning_id)
    task_ids = [each["task_id"] for each in own_tasks]
    of_tasks = select(task_events).where(task_events.c.task_id.in_(task_ids)).order_by("task_id", "n")
    shown = [column for column in evidence.c if column.name not in {"content", "sha256"}]
    proofs = select(*shown).where(evidence.c.task_id.in_(task_ids)).order_by(evidence.c.evidence_id)
    return EventFacts(
        warning=warning,
        site={"site_id": site.site_id, "name_zh": site.name_zh, "name_en": site.name_en}
        | {"type": site.site_type.value, "region": site.region},
        thresholds={level.word: profile.depth_mm(level) for level in WARNING_LEVELS},
        closing=_closing(profile, incident),
        events=[{name: each[name] for name in _EVENT} for each in events],
        depths=_readings(connection, site, Role.DEPTH, begin, end),
        rain=_readings(connection, site, Role.RAIN, begin, end),
        dispatches=[dict(row) for row in connection.execute(_DISPATCHES, {"warning": warning_id}).mappings()],
        call=call,
        answers=[dict(row) for row in answers_of_call(connection, warning_id)],
        incident=incident,
        tasks=own_tasks,
        task_events=_all(connection, of_tasks),
        evidence=_all(connection, proofs),
        commands=_commands(connection, warning_id),
        remarks=remarks,
    )


_EVENT = ("event_id", "sequence", "message_type", "level", "issued_at", "recorded_at")


def _profile(connection: Connection, site: Site, events: list[dict[str, Any]]) -> ThresholdProfile:
    """Return the thresholds by which the first message was decided; the present ones if that version is not kept."""
    grounds = events[0]["document"].get("grounds", {}) if events else {}
    versions = {profile.version: profile for profile, _ in profile_versions(connection, site.site_id)}
    version = grounds.get("profile_version")
    return versions.get(version, site.profile) if version is not None else site.profile


def _closing(profile: ThresholdProfile, incident: Record | None) -> tuple[str, float] | None:
    """Return the lowest level at which the plan closes the place, and its depth."""
    closing = [task["from_level"] for task in incident["plan"]["tasks"] if task["closes"]] if incident else []
    levels = {int(level): level for level in WARNING_LEVELS}
    level = levels[min(closing)] if closing else None
    return None if level is None else (level.word, profile.depth_mm(level))


def _readings(connection: Connection, site: Site, role: Role, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    heights = {one.device_id: one.lowest_point_height_mm for one in site.sensors if one.role is role}
    table = waterlogging_readings
    value = table.c.depth_mm if role is Role.DEPTH else table.c.rain_mm
    query = select(table.c.device_id, table.c.time, value.label("value")).where(
        table.c.device_id.in_(list(heights)),
        table.c.time.between(begin, end),
        value.is_not(None),
        table.c.quality.op("&")(int(UNUSABLE)) == 0,
    )
    rows = connection.execute(query.order_by(table.c.time, table.c.device_id, table.c.channel)).all()
    if role is Role.RAIN:
        return [{"device_id": row.device_id, "time": row.time, "rain_mm": row.value} for row in rows]
    return [
        {
            "device_id": row.device_id,
            "time": row.time,
            "depth_mm": depth_at_lowest_point_mm(row.value, heights[row.device_id]),
        }
        for row in rows
    ]


def _tasks(connection: Connection, warning_id: str) -> list[dict[str, Any]]:
    query = select(tasks).where(tasks.c.warning_id == warning_id).order_by(tasks.c.due_at, tasks.c.task_id)
    return [
        {name: row[name] for name in ("task_id", "state", "person_id", "due_at")}
        | {"template": row["document"]["template"], "reason": row["document"]["reason"]}
        for row in connection.execute(query).mappings()
    ]


def _commands(connection: Connection, warning_id: str) -> list[dict[str, Any]]:
    """Return the commands to devices about a warning."""
    return [dict(row) for row in connection.execute(_COMMANDS, {"warning": warning_id}).mappings()]


_COMMANDS = text("""
SELECT CAST(c.command_id AS text) AS command_id, c.device_id, c.verb, c.state, c.asked_at,
    (SELECT min(e.at) FROM command_events AS e WHERE e.command_id = c.command_id AND e.state = 'confirmed')
    AS confirmed_at
FROM commands AS c WHERE c.warning_id = :warning ORDER BY c.asked_at, c.command_id
""")

_DISPATCHES = text("""
SELECT CAST(d.dispatch_id AS text) AS dispatch_id, d.source, d.purpose, d.is_end, d.state, d.level, d.made_at, m.kind,
    coalesce(m.person_id, m.subscriber_id) AS owner,
    (SELECT min(a.ended_at) FROM attempts AS a WHERE a.dispatch_id = d.dispatch_id AND a.outcome = 'delivered')
    AS sent_at,
    (SELECT min(r.received_at) FROM receipts AS r WHERE r.provider_ref = d.provider_ref AND r.rank >= 3)
    AS delivered_at
FROM dispatches AS d JOIN contact_methods AS m USING (method_id)
WHERE d.warning_id = :warning ORDER BY d.made_at, d.dispatch_id
""")
"""A receipt of rank 3 says that the message was delivered."""


def _one(connection: Connection, query: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any query
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def _all(connection: Connection, query: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any query
    return [dict(row) for row in connection.execute(query).mappings()]
