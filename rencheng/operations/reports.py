"""Event reports 复盘: make a version from the rows."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rencheng.domain.errors import NotPossible
from rencheng.response.reports.page import report_page
from rencheng.response.reports.report import event_report
from rencheng.response.reports.world_clock import in_time_of_world
from rencheng.store.access import audit
from rencheng.store.core.database import Connection, database_now
from rencheng.store.core.sessions import Row
from rencheng.store.reports.event_facts import event_facts
from rencheng.store.reports.event_reports import add_report, find_report

REMARKS = ("well", "badly", "causes")
"""What people add: what went well, what did not, and causes."""


def make_report(connection: Connection, warning_id: str, remarks: Mapping[str, str], *, actor: str) -> Row:
    """Make a version of the report of a warning from its rows. Nothing is written if nothing has changed.

    Args:
        connection: the transaction.
        warning_id: the warning, open or closed.
        remarks: what people add; those that are not given stay as they were.
        actor: who makes it.

    Raises:
        NotPossible: there is no such warning.
    """
    before = find_report(connection, warning_id)
    kept = dict(before["document"]["remarks"]) if before else {}
    facts = event_facts(connection, warning_id, kept | {name: text for name, text in remarks.items() if text})
    if facts is None:
        raise NotPossible(f"there is no warning {warning_id}")
    report = event_report(in_time_of_world(facts))
    encoded = json.dumps(report, default=_json, ensure_ascii=False, sort_keys=True)
    now = database_now(connection)
    values: dict[str, Any] = {
        "inputs_event_id": report["inputs_event_id"],
        "document": json.loads(encoded),
        "page": report_page(report, before["version"] + 1 if before else 1, now),
        "sha256": hashlib.sha256(encoded.encode()).digest(),
        "made_by": actor,
        "made_at": now,
    }
    made = add_report(connection, warning_id, values)
    if before is None or made["version"] != before["version"]:
        detail = {"version": made["version"], "sha256": made["sha256"].hex()}
        audit.record(connection, actor, "report.make", f"warning {warning_id}", detail)
    return made


def _json(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
