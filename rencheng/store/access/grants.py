"""The privileges of the services' database roles: each service has the tables that it needs, and no more.

A service that an attacker takes over through its input can then not make a key, change a threshold or remove a trace.
The roles are made by a superuser (deploy/compose/database/100-roles.sql, `rencheng stack up`); the owner of the tables
grants. Migrations and jobs run as the owner.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from rencheng.store.schema.metadata import metadata

ROLES = ("ingest", "alerts", "api", "response", "accounts", "reader")
"""The services with a role of their own, `rencheng_<service>`, and that of dashboards, which reads."""

FORMER_ROLE = "rencheng_services"
"""The role that all services shared. It loses its privileges."""

_READ, _ADD, _WRITE, _ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE"

_HASHES = {"devices": "mqtt_password_hash", "actuators": "mqtt_password_hash"}
"""Columns with hashes of passwords, which only the API and the keeper of the broker's accounts read."""

_READINGS = ("waterlogging_readings", "signal_events", "meter_values")
_EVERY_TABLE = tuple(metadata.tables)

PRIVILEGES: Mapping[str, Mapping[str, str]] = {
    "ingest": {
        "audit": "INSERT",
        "devices": _READ,
        "device_states": _WRITE,
        "heartbeats": _WRITE,
        "ingest_counts": _WRITE,
        "ingest_progress": _WRITE,
        "ingest_writers": _READ,
        "quarantine": _WRITE,
        "rollup_log": _ADD,
        "storage_horizons": _READ,
        **dict.fromkeys(_READINGS, _ADD),
    },
    "alerts": {
        "audit": "INSERT",
        "devices": _READ,
        "deliveries": _WRITE,
        "doubt_answers": _READ,
        "heartbeats": _WRITE,
        "high_waters": _READ,
        "ingest_progress": _READ,
        "maintenance": _READ,
        "notices": _WRITE,
        "pump_reports": _READ,
        "rain_forecasts": _READ,
        "rain_nowcasts": _READ,
        "rain_signals": _READ,
        "regions": _READ,
        "series_flags": _READ,
        "silences": _READ,
        "site_profiles": _READ,
        "site_sensors": _READ,
        "site_states": _WRITE,
        "sites": _READ,
        "undispatched": _ADD,
        "warning_events": _ADD,
        "warnings": _WRITE,
        "worlds": _READ,
        **dict.fromkeys(_READINGS, _READ),
    },
    "api": {
        **dict.fromkeys(_EVERY_TABLE, _READ),
        "acknowledgements": _ADD,
        "actuators": _WRITE,
        "answer_links": _ADD,
        "api_keys": _WRITE,
        "audit": _ADD,
        "call_events": _ADD,
        "call_policies": _WRITE,
        "calls": _WRITE,
        "command_approvals": _ADD,
        "command_events": _ADD,
        "commands": _WRITE,
        "devices": _WRITE,
        "contact_methods": _WRITE,
        "contact_proofs": _ALL,
        "contact_secrets": _WRITE,
        "device_states": _WRITE,
        "doubt_answers": _ADD,
        "dispatches": _WRITE,
        "event_reports": _ADD,
        "evidence": _ADD,
        "gateways": _ALL,
        "handovers": _WRITE,
        "heartbeats": _WRITE,
        "high_waters": _ALL,
        "ingest_counts": _WRITE,
        "ingest_progress": _WRITE,
        "incidents": "SELECT, UPDATE",
        "kept_answers": _ALL,
        "ingest_writers": _WRITE,
        "maintenance": _WRITE,
        "overrides": _ADD,
        "people": _WRITE,
        "person_logins": _WRITE,
        "person_sessions": _ALL,
        "plan_approvals": _WRITE,
        "plans": _WRITE,
        "pump_reports": _WRITE,
        "quarantine": _WRITE,
        "quarantine_drops": _WRITE,
        "receipts": _ADD,
        "replies": _WRITE,
        "reply_codes": _ADD,
        "rain_forecasts": _ALL,
        "rain_nowcasts": _ALL,
        "rain_signals": _ALL,
        "regions": _WRITE,
        "response_events": _ADD,
        "responses": _WRITE,
        "role_assignments": _WRITE,
        "rollup_log": _ADD,
        "rosters": _WRITE,
        "shifts": _ALL,
        "silences": _WRITE,
        "site_profiles": _ADD,
        "site_sensors": _ALL,
        "sites": _WRITE,
        "subscribers": _WRITE,
        "task_events": _ADD,
        "task_links": _ADD,
        "tasks": "SELECT, UPDATE",
        "worlds": _ADD,
        **dict.fromkeys(_READINGS, _ADD),
    },
    "response": {
        "acknowledgements": "SELECT (warning_id, person_id, round, ask, kind, refusal), INSERT",
        "actuator_states": _WRITE,
        "actuators": _READ,
        "answer_links": _ALL,
        "attempts": _WRITE,
        "call_events": _ADD,
        "call_policies": _READ,
        "calls": _WRITE,
        "incidents": _WRITE,
        "command_events": _ADD,
        "commands": _WRITE,
        "meter_values": _READ,
        "waterlogging_readings": _READ,
        "maintenance": _READ,
        "overrides": _READ,
        "people": "SELECT (person_id, active, roles, regions)",
        "plans": _READ,
        "response_events": _ADD,
        "responses": _WRITE,
        "rosters": _READ,
        "shifts": _READ,
        "silences": _READ,
        "site_states": _READ,
        "audit": "SELECT (audit_id), INSERT",
        "contact_methods": _WRITE,
        "contact_secrets": _READ,
        "dispatches": _WRITE,
        "handovers": _READ,
        "heartbeats": _WRITE,
        "notices": _READ,
        "replies": "SELECT, DELETE",
        "reply_codes": _ALL,
        "sites": _READ,
        "subscribers": _ADD,
        "task_events": _ADD,
        "task_links": _ALL,
        "tasks": _WRITE,
        "undispatched": _ALL,
        "warning_events": _READ,
        "warnings": _READ,
    },
    "accounts": {"actuators": _READ, "devices": _READ, "gateways": _READ, "heartbeats": _WRITE},
    "reader": {
        "calls": "SELECT (warning_id, world, state, level, round, ended_by, changed_at)",
        "deliveries": _READ,
        "device_states": _READ,
        "devices": _READ,
        "dispatches": "SELECT (dispatch_id, world, source, purpose, level, state, due_at, attempts, settled_at)",
        "heartbeats": _READ,
        "incidents": _READ,
        "ingest_counts": _READ,
        "notices": _READ,
        "quarantine": "SELECT (quarantine_id, reason, device_id, world, kind, last_received_at, times)",
        "regions": _READ,
        "site_profiles": _READ,
        "site_sensors": _READ,
        "site_states": _READ,
        "sites": _READ,
        "warning_events": _READ,
        "warnings": _READ,
        "worlds": _READ,
        **dict.fromkeys(_READINGS, _READ),
    },
}
"""The privileges on tables, by service. A table that is not listed is closed to it."""

_READS_ROLLUPS = frozenset({"api", "reader"})
_SEES_HASHES = frozenset({"api", "accounts"})


def grant(connection: Connection) -> list[str]:
    """Give the roles that exist exactly these privileges. Return their names."""
    names = [f"rencheng_{service}" for service in ROLES]
    existing = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    roles = set(connection.execute(existing, {"names": [*names, FORMER_ROLE]}).scalars())
    for role in sorted(roles):
        _run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        _run(connection, f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}")
    for service, role in zip(ROLES, names, strict=True):
        if role in roles:
            _grant_role(connection, service, role)
    return [role for role in names if role in roles]


def _grant_role(connection: Connection, service: str, role: str) -> None:
    for table, privileges in PRIVILEGES[service].items():
        if table in _HASHES and service not in _SEES_HASHES:
            columns = ", ".join(column.name for column in metadata.tables[table].c if column.name != _HASHES[table])
            _run(connection, f"GRANT SELECT ({columns}) ON {table} TO {role}")
        else:
            _run(connection, f"GRANT {privileges} ON {table} TO {role}")
    if service in _READS_ROLLUPS:  # rollups are views in one edition and tables in the other; ids of streams
        for name in connection.execute(text(_ROLLUPS)).scalars().all():
            _run(connection, f"GRANT SELECT ON {name} TO {role}")
        _run(connection, f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")


_ROLLUPS = r"""
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm')
    AND relname ~ '_(1min|1h|1day)$'
"""


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
