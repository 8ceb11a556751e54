"""Attacks with API keys, each with one scope."""

import base64
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from benchmarks.adversary.attack import AttackResult, AttackTarget

TIMEOUT_S = 10.0
LEVELS = ("blue", "yellow", "orange", "red")
SIGNAL_REGIONS = 140_000
STREAMS = 60
QUESTIONS = 40

_SIGNAL = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier><sender>weather@attack.example</sender><sent>{sent}</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>zh-CN</language><category>Met</category><event>暴雨蓝色</event><urgency>Immediate</urgency>
    <severity>Minor</severity><certainty>Likely</certainty><expires>{expires}</expires>
    <area><areaDesc>x</areaDesc>{geocodes}</area></info>
</alert>"""

_ODD_MOMENTS = (
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T20:00:00Z",
    "-0044-03-15T00:00:00Z",
    "2026-02-30T00:00:00Z",
)
_ODD_TEXTS = ("\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\x1b[2J", "x" * 100_000, "")


def post_huge_signals(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Post rain signals for as many regions as a message can name, most of them invented."""
    geocodes = "".join(f"<g>{dice.randrange(10**6):06}</g>" for _ in range(SIGNAL_REGIONS // 7))
    codes = "".join(
        f"<geocode><valueName>GB/T 2260</valueName><value>{dice.randrange(10**6):06}</value></geocode>"
        for _ in range(10_000)
    )
    now = datetime.now(UTC)
    bodies = [
        _SIGNAL.format(
            identifier=f"attack-{dice.randrange(10**9)}",
            sent=now.isoformat(timespec="seconds"),
            expires=(now + timedelta(hours=6)).isoformat(timespec="seconds"),
            geocodes=text,
        ).encode()
        for text in (codes, geocodes, codes[: len(codes) // 2])
    ]
    return _send(target, "weather:write", (("POST", "/v1/weather/signals", {"content": body}) for body in bodies))


def post_forecasts_of_odd_years(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Post forecasts and signals at times that no calendar has, or in the far future."""
    forecasts = [
        {
            "region": "370102",
            "source": "attack",
            "issued_at": dice.choice(_ODD_MOMENTS),
            "valid_from": "2026-07-20T15:30:00+08:00",
            "valid_to": moment,
            "rain_mm": 10,
        }
        for moment in _ODD_MOMENTS
    ]
    requests = (("POST", "/v1/weather/forecasts", {"json": [one]}) for one in forecasts)
    return _send(target, "weather:write", requests, must_refuse=True)


def post_mutes_of_odd_years(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Create silences and windows with odd times and odd reasons, which would hide the rest."""
    now = datetime.now(UTC)
    silences = [
        {"site_id": "nowhere", "reason": "attack", "begins_at": moment, "ends_at": moment} for moment in _ODD_MOMENTS
    ]
    until = (now + timedelta(hours=1)).isoformat()
    silences += [
        {"site_id": "nowhere", "reason": odd, "begins_at": now.isoformat(), "ends_at": until} for odd in _ODD_TEXTS
    ]
    return _send(target, "operate", (("POST", "/v1/silences", {"json": one}) for one in silences), must_refuse=True)


def raise_thresholds_absurdly(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Raise the thresholds of a site that floods beyond any water, and unbind its gauge, without a confirmation."""
    path = f"/v1/sites/{dice.choice(target.sites)}"
    with _client(target, "operate") as client:
        found = client.get(f"{path}/form")
    if found.status_code != HTTPStatus.OK:
        return AttackResult(1, 1)
    form = found.json()
    raised = form | {
        "profile": form["profile"]
        | {"thresholds": {level: {"depth_mm": 93_000 + place, "source": "x"} for place, level in enumerate(LEVELS)}}
    }
    requests: list[Request] = [("PUT", path, {"json": raised}), ("PUT", path, {"json": form | {"sensors": []}})]
    return _send(target, "operate", requests, must_refuse=True)


def take_all_streams(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Open many live streams from the beginning and read none of them."""
    refused = 0
    with ExitStack() as opened, suppress(httpx.HTTPError):
        client = opened.enter_context(_client(target, "warnings:read"))
        for _ in range(STREAMS):
            answer = opened.enter_context(client.stream("GET", "/v1/stream", params={"after": 0}))
            refused += answer.status_code != HTTPStatus.OK
    return AttackResult(STREAMS, refused)


def ask_for_long_histories(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Ask for the longest histories that the API allows, many times."""
    now = datetime.now(UTC)
    names = [dice.choice(list(target.others)) for _ in range(QUESTIONS)]
    span = {"from": (now - timedelta(days=365)).isoformat(), "to": now.isoformat(), "limit": 1000}
    requests = (("GET", f"/v1/devices/{name}/readings", {"params": span}) for name in names)
    return _send(target, "telemetry:read", requests)


def register_reserved_names(target: AttackTarget, _dice: random.Random) -> AttackResult:
    """Register devices with names of topic levels, services and other odd names."""
    names = ("actual", "notice", "warning", "telemetry", "rencheng-ingest", "rencheng-x", "exercise", "state", "v1")
    body = {"kind": "waterlogging", "region": target.region}
    requests = (("PUT", f"/v1/devices/{name}", {"json": body}) for name in names)
    return _send(target, "devices:write", requests, must_refuse=True)


def use_odd_cursors(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Use cursors and filters that the platform did not issue, on every list."""
    odd = [
        "\x00",
        "99999",
        "eyJhIjo5OTk5OX0",
        "\ud800".encode("utf-8", "surrogatepass").hex(),
        "a" * 5000,
        "=",
        "1,2,3",
    ]
    lists = {
        "admin": ("/v1/quarantine", "/v1/audit"),
        "telemetry:read": ("/v1/devices", "/v1/sites"),
        "warnings:read": ("/v1/warnings",),
    }
    scope = dice.choice(list(lists))
    requests = (("GET", path, {"params": {"after": one}}) for path in lists[scope] for one in odd)
    return _send(target, scope, requests)


def use_each_key_beyond_its_scope(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Ask for what each key's scope does not grant."""
    forbidden = {
        "telemetry:read": ("/v1/audit", "/v1/warnings", "/v1/quarantine"),
        "warnings:read": ("/v1/audit", "/v1/devices", "/v1/quarantine"),
        "weather:write": ("/v1/sites", "/v1/warnings", "/v1/audit"),
        "operate": ("/v1/audit", "/v1/quarantine"),
        "devices:write": ("/v1/audit", "/v1/warnings"),
        "quarantine:replay": ("/v1/audit", "/v1/warnings"),
        "admin": ("/v1/devices", "/v1/warnings"),
    }
    scope = dice.choice([scope for scope in forbidden if scope in target.keys])
    return _send(target, scope, (("GET", path, {}) for path in forbidden[scope]), must_refuse=True)


def try_bombs_in_quarantine(target: AttackTarget, dice: random.Random) -> AttackResult:
    """Try payloads that are costly to decode in place of a quarantined one."""
    with _client(target, "admin") as client:
        found = client.get("/v1/quarantine", params={"limit": 1})
    entries = found.json().get("items", []) if found.status_code == HTTPStatus.OK else []
    if not entries:
        return AttackResult(1, 1)
    path = f"/v1/quarantine/{entries[0]['quarantine_id']}/attempt"
    bombs = [b"[" * 60_000, b"\x9b" + b"\xff" * 8, b'{"a":' * 10_000, b"1e999999", dice.randbytes(50_000)]
    requests = (("POST", path, {"json": {"payload_base64": base64.b64encode(bomb).decode()}}) for bomb in bombs)
    return _send(target, "quarantine:replay", requests)


ATTACKS = (
    post_huge_signals,
    post_forecasts_of_odd_years,
    post_mutes_of_odd_years,
    raise_thresholds_absurdly,
    take_all_streams,
    ask_for_long_histories,
    register_reserved_names,
    use_odd_cursors,
    use_each_key_beyond_its_scope,
    try_bombs_in_quarantine,
)

Request = tuple[str, str, dict[str, Any]]


def _client(target: AttackTarget, scope: str) -> httpx.Client:
    host, port = target.api
    return httpx.Client(
        base_url=f"http://{host}:{port}", headers={"Authorization": f"Bearer {target.keys[scope]}"}, timeout=TIMEOUT_S
    )


def _send(target: AttackTarget, scope: str, requests: Iterable[Request], *, must_refuse: bool = False) -> AttackResult:
    """Send requests with the key of a scope. An answer 5xx other than 503 is a breach."""
    tried, refused, breaches = 0, 0, list[str]()
    with _client(target, scope) as client:
        for method, path, options in requests:
            tried += 1
            status = _status(lambda: client.request(method, path, **options))  # noqa: B023 - called at once
            refused += status >= HTTPStatus.BAD_REQUEST
            breaches += _breach(f"{method} {path}", status, must_refuse=must_refuse)
    return AttackResult(tried, refused, breaches[0] if breaches else "")


def _status(ask: Callable[[], httpx.Response]) -> int:
    try:
        return ask().status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError):
        return HTTPStatus.BAD_REQUEST  # the client or the API closed the connection


def _breach(request: str, status: int, *, must_refuse: bool) -> Sequence[str]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE:
        return [f"{request}: {status}"]
    return [f"{request} is accepted"] if must_refuse and status < HTTPStatus.BAD_REQUEST else []
