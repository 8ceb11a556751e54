"""Objects of another region, and requests that would change them, for tests of bound keys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api import HUAIYIN, LIXIA

NOW = datetime.now(UTC)
PERIOD = {"from": (NOW - timedelta(hours=1)).isoformat(), "to": NOW.isoformat()}
FOREIGN = {
    "entity_path": "Things('g3')",
    "device_id": "g3",
    "site_id": "road",
    "warning_id": "w-road",
    "sequence": "1",
    "name": "silence-1",
    "region": HUAIYIN,
    "key_id": "0123456789abcdef",
    "session_id": "0123456789abcdef",
    "assignment_id": "1",
    "identifier": "signal-of-road",
    "person_id": "road-keeper",
    "roster_id": "road-keepers",
    "policy_id": "road-red",
    "version": "1",
    "subscriber_id": "road-police",
    "method_id": "1",
    "handover_id": "1",
    "token": "AAAAAAAAAAAAAAAAAAAAAA",
    "evidence_id": "1",
    "response_id": "1",
    "kpi_id": "points_watched",
    "task_id": "1",
    "plan_id": "road-plan",
    "actuator_id": "road-barrier",
    "command_id": "00000000-0000-5000-8000-000000000001",
    "proposal_id": "w-road.red",
    "dispatch_id": "00000000-0000-0000-0000-000000000001",
    "doubt_id": "doubt-of-road",
}
"""Everything of Huaiyin, whose markers must not appear in any answer to a key of another region."""
MARKERS = (
    "doubt-of-road",
    "road-police",
    "road-keeper",
    "road-red",
    "g3",
    "road",
    "w-road",
    HUAIYIN,
    "路段",
    "secret-of-huaiyin",
)
SITE = {"site_id": "road", "type": "road", "name_zh": "路段", "name_en": "Road", "latitude": 36.6, "longitude": 117.1}
MUTE = {"reason": "x", "begins_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=1)).isoformat(), "up_to": "red"}
WINDOW = {"reason": "x", "weekdays": ["mon"], "begins": "22:30", "lasts_minutes": 60, "up_to": "red"}
FORECAST: dict[str, Any] = {
    "source": "s",
    "issued_at": PERIOD["from"],
    "valid_from": PERIOD["from"],
    "valid_to": PERIOD["to"],
    "rain_mm": 1,
}
NOWCAST: dict[str, Any] = {"source": "s", "issued_at": PERIOD["from"], "minutes": [10]}
NOWCAST |= {"sites": [{"site_id": "road", "members": [[1.0]]}]}
PERSON = {"person_id": "road-keeper", "name": "路"}
ROSTER = {"roster_id": "road-keepers", "role": "keeper"}
MUTE_PERIOD = {"begins_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=1)).isoformat()}
POLICY = {"policy_id": "road-red", "level": "red", "hold_s": 900}
POLICY |= {"steps": [{"posts": [{"role": "keeper"}], "wait_s": 60}]}
SUBSCRIBER = {"owner": "road-police"}
DISPATCH = """
INSERT INTO dispatches (dispatch_id, method_id, world, source, source_id, purpose, line, sequence, warning_id, level,
    state, due_at, expires_at)
VALUES ('00000000-0000-0000-0000-000000000001', 1, 'actual', 'event', 'w-road-1', 'warning', 'w-road', 1, 'w-road', 4,
    'failed', now(), now())
"""
DOUBT = """
INSERT INTO notices (world, kind, topic, issued_at, in_force, level, urgent, site_ids, text_zh, text_en, doubt_id,
    doubt, cap_xml)
VALUES ('actual', 'doubtful', 'road', now(), true, 4, true, '{road}', 'road', 'road', 'doubt-of-road',
    '{"identifier": "doubt-of-road-1", "device_id": "g3"}', '<road/>')
"""
BARRIER = {"device_id": "road-barrier", "kind": "barrier"}
CLOSING = {"device_id": "road-barrier", "verb": "barrier.close", "reason": "x"}
CSV = "device_id,kind,region,name\ng3,waterlogging,{region},secret\n"
OWN, OTHER = LIXIA, HUAIYIN
BODIES: dict[tuple[str, str], Sequence[Any]] = {
    ("/v1/sites/{site_id}", "PUT"): [SITE | {"region": OTHER}, SITE | {"region": OWN}],
    ("/v1/devices/{device_id}", "PUT"): [
        {"kind": "waterlogging", "region": OTHER, "name": "x"},
        {"kind": "waterlogging", "region": OWN, "name": "x"},
    ],
    ("/v1/devices/{device_id}/replacement", "POST"): [{"device_id": "g3b"}],
    ("/v1/regions/{region}", "PUT"): [{"name_zh": "x", "name_en": "x"}],
    ("/v1/silences/{name}", "PUT"): [MUTE | {"site_id": "road"}, MUTE | {"region": OWN}],
    ("/v1/silences", "POST"): [
        MUTE | {"site_id": "road"},
        MUTE | {"region": OTHER},
        MUTE | {"region": "370100"},
        MUTE | {"region": "370000"},
        MUTE | {"catchment": "shared"},
    ],
    ("/v1/maintenance", "POST"): [WINDOW | {"site_id": "road"}, WINDOW | {"region": "370100"}],
    ("/v1/weather/nowcasts", "POST"): [NOWCAST],
    ("/v1/weather/forecasts", "POST"): [[FORECAST | {"region": OTHER}], [FORECAST | {"region": "370100"}]],
    ("/v1/keys", "POST"): [{"name": "wide", "scopes": ["warnings:read"]}],
    ("/v1/people/{person_id}/roles", "POST"): [{"role": "viewer", "regions": [OTHER]}, {"role": "viewer"}],
    ("/v1/people/{person_id}/roles/{assignment_id}", "DELETE"): [None],
    ("/v1/sessions/displays", "POST"): [{"name": "x", "regions": [OTHER], "worlds": ["actual"]}],
    ("/v1/sessions/{session_id}", "DELETE"): [None],
    ("/v1/quarantine/replay", "POST"): [{"world": "all"}],
    ("/v1/calls/{warning_id}/answers", "POST"): [{"person_id": "road-keeper", "kind": "accepted"}],
    ("/v1/calls/{warning_id}/people", "POST"): [{"person_id": "road-keeper", "role": "keeper"}],
    ("/v1/calls/{warning_id}/end", "POST"): [{"reason": "x"}],
    ("/v1/people/{person_id}", "PUT"): [PERSON | {"regions": [OTHER]}, PERSON | {"regions": [OWN]}],
    ("/v1/rosters/{roster_id}", "PUT"): [ROSTER | {"region": OTHER}, ROSTER | {"region": OWN}],
    ("/v1/rosters/{roster_id}/handovers", "POST"): [{"from_person": "road-keeper", "to_person": "own-keeper"}],
    ("/v1/calls/{warning_id}/withdrawals", "POST"): [{"person_id": "road-keeper", "reason": "x"}],
    ("/v1/rosters/{roster_id}/overrides", "POST"): [MUTE_PERIOD | {"person_id": "road-keeper", "reason": "x"}],
    ("/v1/call-policies/{policy_id}", "PUT"): [POLICY | {"region": OTHER}, POLICY | {"region": OWN}],
    ("/v1/call-policies/{policy_id}/versions/{version}/approval", "POST"): [None],
    ("/v1/subscribers/{subscriber_id}", "PUT"): [SUBSCRIBER | {"regions": [OTHER]}, SUBSCRIBER | {"regions": [OWN]}],
    ("/v1/contact-methods", "POST"): [{"subscriber_id": "road-police", "kind": "mqtt", "address": "x"}],
    ("/v1/contact-methods/{method_id}/test", "POST"): [None],
    ("/v1/contact-methods/{method_id}/secret", "POST"): [None],
    ("/v1/contact-methods/{method_id}", "DELETE"): [None],
    ("/v1/dispatches/{dispatch_id}/again", "POST"): [None],
    ("/v1/doubts/{doubt_id}/answer", "POST"): [{"answer": "deny", "by": "x"}],
    ("/v1/receipts", "POST"): [{"provider": "s", "ref": "r", "status": "delivered"}],
    ("/v1/actuators/{actuator_id}", "PUT"): [BARRIER | {"region": OTHER}, BARRIER | {"region": OWN}],
    ("/v1/actuators/{actuator_id}", "DELETE"): [None],
    ("/v1/commands", "POST"): [CLOSING | {"key": "k"}],
    ("/v1/commands/{command_id}/approval", "POST"): [None],
    ("/v1/commands/{command_id}/refusal", "POST"): [{"reason": "x"}],
    ("/v1/commands/{command_id}/withdrawal", "POST"): [{"reason": "x"}],
    ("/v1/commands/{command_id}/handled", "POST"): [{"note": "x"}],
    ("/v1/command-proposals/{proposal_id}/approval", "POST"): [None],
    ("/v1/device-imports", "POST"): [CSV.format(region=OTHER), CSV.format(region=OWN)],
}
