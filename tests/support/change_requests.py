"""Bodies of requests that change something."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api import LIXIA

NOW = datetime.now(UTC)
SITE: dict[str, Any] = {"site_id": "new", "type": "tunnel", "name_zh": "隧道", "name_en": "Tunnel", "region": LIXIA}
SITE |= {"latitude": 36.6, "longitude": 117.1}
MUTE = {"region": LIXIA, "reason": "x"}
PERIOD = {"begins_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=1)).isoformat()}
WINDOW = {"weekdays": ["mon"], "begins": "22:30", "lasts_minutes": 60}
FORECAST: dict[str, Any] = {"region": LIXIA, "source": "s", "rain_mm": 1, "issued_at": NOW.isoformat()}
FORECAST |= {"valid_from": NOW.isoformat(), "valid_to": (NOW + timedelta(hours=1)).isoformat()}
NOWCAST: dict[str, Any] = {"source": "s", "issued_at": NOW.isoformat(), "minutes": [10]}
NOWCAST |= {"grid": {"south": 0, "west": 60, "step_deg": 1, "columns": 100, "members": [[[1.0] * 10_000]]}}
DEVICE = {"kind": "waterlogging", "region": LIXIA}

PUMP = {"pump": "2", "state": "failed", "until": (NOW + timedelta(hours=1)).isoformat()}
TIDES = {"source": "x", "high_waters": [{"at": NOW.isoformat(), "depth_mm": 300}]}

PERSON = {"person_id": "new-ann", "name": "安", "regions": [LIXIA]}
ROSTER = {"roster_id": "new-keepers", "role": "keeper", "region": LIXIA}
OVERRIDE = PERIOD | {"person_id": "new-ann", "reason": "x"}
STEP = {"posts": [{"role": "keeper"}], "wait_s": 60}
POLICY = {"policy_id": "new-red", "region": LIXIA, "level": "red", "hold_s": 900, "steps": [STEP]}

DELIVERY = ("/v1/subscribers", "/v1/contact-methods", "/v1/dispatches", "/v1/receipts")
SUBSCRIBER = {"owner": "police"}
CONTACT = {"subscriber_id": "new-police", "kind": "webhook", "address": "https://police.example/hook"}
REPLY = {
    "provider": "sms",
    "ref": "up-1",
    "via": "sms",
    "number": "13800000000",
    "text": "2",
}
