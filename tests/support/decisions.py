"""Decided warnings and contacts, written as the platform writes them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.operations.contacts import add_contact, save_subscriber
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.store.response.cipher import ContactCipher, new_key
from tests.support.alert_database import REGION, register_sites
from tests.support.gauge_play import site

KEY = new_key()
CIPHER = ContactCipher(KEY)

_DECIDE = text("""
WITH opened AS (
    INSERT INTO warnings (warning_id, site_id, world, level, peak_level, opened_at, updated_at)
    VALUES (:warning, :site, :world, :level, :level, now(), now())
    ON CONFLICT (warning_id) DO UPDATE SET level = excluded.level,
        peak_level = greatest(warnings.peak_level, excluded.level),
        closed_at = CASE WHEN :kind = 'Cancel' THEN now() END
    RETURNING warning_id
), event AS (
    INSERT INTO warning_events
        (warning_id, sequence, identifier, message_type, level, issued_at, document, cap_xml)
    SELECT warning_id, :sequence, :identifier, :kind, :level, now(), CAST(:document AS jsonb), :cap FROM opened
    RETURNING event_id
)
INSERT INTO deliveries (event_id, channel, topic, suppressed_by) SELECT event_id, 'mqtt', 't', :suppressed FROM event
""")

_TABLES = ("attempts", "receipts", "dispatches", "undispatched", "contact_secrets", "contact_methods", "subscribers")


def empty_ledger(database: Engine) -> None:
    """Delete contacts, dispatches and warnings."""
    with database.begin() as connection:
        for table in (*_TABLES, "warnings", "notices"):
            connection.execute(text(f"DELETE FROM {table}"))


def open_sites(database: Engine, *names: str, world: str = "actual") -> None:
    """Register sites."""
    register_sites(database, *(site(name, f"gauge-{name}", world=world) for name in names))


def decide(
    database: Engine,
    site_id: str,
    sequence: int,
    level: Level,
    *,
    ends: bool = False,
    world: str = "actual",
    suppressed: str | None = None,
) -> None:
    """Decide one message of the warning of a site."""
    document = decided_document(site_id, sequence, level, ends=ends, world=world)
    kind = document["msg_type"]
    values = {
        "warning": document["warning_id"],
        "site": site_id,
        "world": world,
        "level": int(level),
        "kind": kind,
        "sequence": sequence,
        "identifier": document["identifier"],
        "document": json.dumps(document),
        "cap": "<alert/>",
        "suppressed": suppressed,
    }
    with database.begin() as connection:
        connection.execute(_DECIDE, values)


def decided_document(
    site_id: str, sequence: int, level: Level, *, ends: bool = False, world: str = "actual"
) -> dict[str, Any]:
    """Return the document of one message of the warning of a site."""
    warning = f"{site_id}-w"
    return {
        "identifier": f"{warning}-{sequence}",
        "warning_id": warning,
        "sequence": sequence,
        "msg_type": "Cancel" if ends else ("Alert" if sequence == 1 else "Update"),
        "in_force": not ends,
        "level": level.word,
        "world": world,
        "issued_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "site": {
            "id": site_id,
            "name_zh": f"{site_id}路",
            "name_en": site_id,
            "type": "road",
            "region": REGION,
        },
        "headline": {"zh": f"{site_id}路{level.chinese}预警", "en": f"{site_id} {level.word}"},
        "description": {"zh": "积水", "en": "Water."},
        "instruction": {"zh": "绕行", "en": "Keep out."},
        "web": "http://127.0.0.1/w",
    }


def subscribe(
    database: Engine, name: str, kind: str, address: str, *, contact: Mapping[str, Any] | None = None, **filters: Any
) -> tuple[int, str | None]:
    """Add a subscriber with one contact method. Return its number and secret."""
    form = ContactForm.model_validate({"kind": kind, "address": address} | dict(contact or {}))
    with database.begin() as connection:
        save_subscriber(connection, name, SubscriberForm.model_validate({"owner": name} | filters), actor="test")
        return add_contact(connection, name, form, CIPHER, actor="test")


def states(database: Engine, method_id: int) -> list[tuple[int, str]]:
    """Return (sequence, state) of the dispatches of a contact method in order."""
    query = text("SELECT sequence, state FROM dispatches WHERE method_id = :method ORDER BY line, sequence")
    with database.connect() as connection:
        return [(row.sequence, row.state) for row in connection.execute(query, {"method": method_id})]
