"""Keys bound to a region or a world: every route, every scope; nobody sees or changes what belongs to another."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.devices.actuators import save_actuator
from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.reach import Reach
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import MessageType
from rencheng.operations.calls import follow_warning, send_nothing
from rencheng.operations.commands import commanded_device, new_command
from rencheng.operations.contacts import add_contact, save_subscriber
from rencheng.operations.people import add_policy_version, save_person, save_roster
from rencheng.response.calls.forms import CallPolicyForm, PersonForm, RosterForm
from rencheng.response.commands.forms import ActuatorForm, CommandForm
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.warnings.mutes import add_mute
from tests.api.auth.test_access import GUARDED, needed_scopes
from tests.support.api import DRILL, HUAIYIN, LIXIA, store_readings
from tests.support.decisions import CIPHER
from tests.support.foreign_objects import (
    BARRIER,
    BODIES,
    CLOSING,
    DISPATCH,
    DOUBT,
    FOREIGN,
    MARKERS,
    MUTE,
    NOW,
    OTHER,
    OWN,
    PERIOD,
    PERSON,
    POLICY,
    ROSTER,
    SITE,
    SUBSCRIBER,
)
from tests.support.rain_signals import REFERENCES, alert
from tests.support.streams import SITES_BY_ID, record_messages, rendered, streaming

SIGNAL_OF = (
    'INSERT INTO rain_signals (identifier, world, sender, message_type, level, regions, "references", headline, status,'
    " document, sent_at, effective_at, expires_at) VALUES ('signal-of-' || :name, 'actual', 's', 'Alert', 4,"
    " ARRAY[:region], '{}', :name, 'Actual', '', now(), now(), now() + interval '1 hour')"
)
TABLES = (
    "sites",
    "devices",
    "site_sensors",
    "silences",
    "maintenance",
    "rain_signals",
    "rain_forecasts",
    "quarantine",
    "people",
    "rosters",
    "overrides",
    "handovers",
    "call_policies",
    "subscribers",
    "contact_methods",
    "dispatches",
    "calls",
    "call_events",
    "actuators",
    "commands",
    "command_approvals",
    "command_events",
)


@pytest.fixture(scope="module")
def filled(city: Engine) -> Engine:
    """A city with a warning, a reading, a mute and a quarantined message in each region."""
    for site, device in (("road", "g3"), ("underpass", "g1"), ("drill-tunnel", "dg1")):
        record_messages(city, rendered(f"w-{site}", 1, Level.RED, site=SITES_BY_ID[site]))
        store_readings(city, [WaterReading(device, 0, NOW - timedelta(minutes=5), 333.0)])
    scopes = (MuteScope(site_id="road"), MuteScope(site_id="underpass"), MuteScope(DRILL, site_id="drill-tunnel"))
    with city.begin() as connection:
        save_person(connection, PersonForm(**PERSON, regions=(OTHER,)), actor="somebody")
        save_roster(connection, RosterForm(**ROSTER, region=OTHER), actor="somebody")
        for site in ("road", "underpass", "drill-tunnel"):
            follow_warning(connection, f"w-{site}", [], send_nothing)
        add_policy_version(connection, CallPolicyForm.model_validate(POLICY | {"region": OTHER}), actor="somebody")
        subscriber = SubscriberForm.model_validate(SUBSCRIBER | {"regions": [OTHER]})
        save_subscriber(connection, "road-police", subscriber, actor="somebody")
        hook = ContactForm(kind=ContactKind.WEBHOOK, address="https://road.example/")
        add_contact(connection, "road-police", hook, CIPHER, actor="somebody")
        connection.execute(text(DISPATCH))
        connection.execute(text(DOUBT))
        save_actuator(connection, ActuatorForm.model_validate(BARRIER | {"region": OTHER}), actor="somebody")
        closing = CommandForm.model_validate(CLOSING)
        barrier = commanded_device(connection, "road-barrier")
        new_command(connection, barrier, closing, "k", asked_by="x", is_proposed=True, proposal_id="w-road.red")
        connection.execute(text("UPDATE commands SET command_id = :name"), {"name": FOREIGN["command_id"]})
        connection.execute(text("UPDATE sites SET catchment = 'shared'"))
        for scope in scopes:
            silence = Silence("", scope, Level.BLUE, NOW, NOW + timedelta(hours=1), f"secret-of-{scope.site_id}")
            add_mute(connection, silence, "somebody")
        for region, world in ((OTHER, "actual"), (OWN, "actual"), (OWN, DRILL)):
            connection.execute(
                text(
                    "INSERT INTO quarantine (topic, payload, digest, position, reason, detail, device_id, world, kind,"
                    " first_received_at, last_received_at, times) VALUES (:topic, :payload, :payload, -1,"
                    " 'unknown_device', 'x', :device, :world, 'waterlogging', now(), now(), 1)"
                ),
                {
                    "topic": f"rencheng/v1/{region}/waterlogging/pending-{region}-{world}/telemetry",
                    "payload": f"secret-of-{'huaiyin' if region == OTHER else world}".encode(),
                    "device": f"pending-{region}-{world}",
                    "world": world,
                },
            )
        for region in (OTHER, OWN):
            connection.execute(text(SIGNAL_OF), {"name": "road" if region == OTHER else "own", "region": region})
        connection.execute(
            text(
                "INSERT INTO notices"
                " (world, kind, topic, issued_at, in_force, level, urgent, site_ids, text_zh, text_en)"
                " VALUES ('actual', 'group', 'region 370104', now(), true, 4, true, '{road}', '路段', 'Road'),"
                " ('actual', 'no_data', 'no_data', now(), true, 0, true, '{road,underpass}', '路段', 'Road'),"
                " ('actual', 'group', 'region 370102', now(), true, 4, true, '{underpass}', '一', 'own')"
            )
        )
    return city


Bound = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def bound(city: Engine) -> Bound:
    """Make a key with a reach; return its header."""

    def make(*scopes: KeyScope, **reach: tuple[str, ...]) -> dict[str, str]:
        with city.begin() as connection:
            token = api_keys.create(connection, "bound", scopes or tuple(KeyScope), reach=Reach(**reach))
        return {"Authorization": f"Bearer {token}"}

    return make


def fill(path: str, engine: Engine) -> str:
    with engine.connect() as connection:
        entry = connection.execute(text("SELECT quarantine_id FROM quarantine ORDER BY 1 LIMIT 1")).scalar_one()
    return path.format(**FOREIGN, quarantine_id=entry)


def snapshot(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
            for table in TABLES
        }


def answers(
    anonymous: httpx.Client, engine: Engine, path: str, method: str, headers: dict[str, str]
) -> Iterator[httpx.Response]:
    """Send a request for foreign objects, with each of the foreign bodies."""
    query = PERIOD if path.endswith(("history", "transactions")) else {}
    if (path, method) == ("/v1/weather/forecasts", "DELETE"):
        query = {"source": "s"}
    worlds: list[dict[str, str]] = [{}, {"world": "all"}, {"world": DRILL}] if method == "GET" else [{}]
    for body in BODIES.get((path, method), [None]):
        for world in worlds:
            content = body if isinstance(body, str) or body is None else json.dumps(body)
            kind = {"Content-Type": "text/csv" if isinstance(body, str) else "application/json"} if body else {}
            with anonymous.stream(
                method, fill(path, engine), params=query | world, content=content, headers=headers | kind
            ) as answer:
                if "event-stream" not in answer.headers.get("content-type", ""):
                    answer.read()
                    yield answer


def without_types(text: str) -> str:
    """Return an answer without the types of sites: the foreign site is named as one of them."""
    return text.replace('"site_type":"road"', "")


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_no_route_shows_or_changes_another_region(
    anonymous: httpx.Client, filled: Engine, bound: Bound, path: str, method: str
) -> None:
    before = snapshot(filled)
    for answer in answers(anonymous, filled, path, method, bound(regions=(OWN,))):
        assert answer.status_code < 500
        if answer.is_success:
            shown = without_types(answer.text)
            assert not [marker for marker in MARKERS if f'"{marker}' in shown or f"{marker}<" in shown]
        if method != "GET" and path in {key for key, _ in BODIES} - {"/v1/quarantine/replay"}:
            assert answer.status_code in {403, 404}, answer.text
    after = snapshot(filled)
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}


@pytest.mark.parametrize(
    ("path", "method", "scope"),
    [(path, method, scope) for path, method in GUARDED for scope in needed_scopes(path, method)],
)
def test_each_scope_alone_sees_nothing_of_another_region_or_world(
    anonymous: httpx.Client, filled: Engine, bound: Bound, path: str, method: str, scope: KeyScope
) -> None:
    before = snapshot(filled)
    for headers in (bound(scope, regions=(OWN,)), bound(scope, worlds=(DRILL,))):
        for answer in answers(anonymous, filled, path, method, headers):
            assert answer.status_code < 500
            if answer.is_success:
                assert not [marker for marker in MARKERS if f'"{marker}' in without_types(answer.text)]
    assert snapshot(filled) == before


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/v1/devices", {"g1", "g2", "p1", "s1"}),
        ("/v1/sites", {"underpass"}),
        ("/v1/warnings", {"w-underpass"}),
        ("/v1/pending-devices", {"pending-370102-actual"}),
    ],
)
@pytest.mark.parametrize("region", [LIXIA, "370100", "370000"])
def test_a_bound_key_sees_its_own(
    anonymous: httpx.Client, filled: Engine, bound: Bound, path: str, own: set[str], region: str
) -> None:
    answer = anonymous.get(path, headers=bound(regions=(region,), worlds=("actual",)))
    key = "warning_id" if path == "/v1/warnings" else "site_id" if path == "/v1/sites" else "device_id"
    names = {item[key] for item in answer.json()["items"]}
    assert own <= names
    assert (own == names) == (region == LIXIA)


def test_a_bound_key_changes_its_own(anonymous: httpx.Client, filled: Engine, bound: Bound) -> None:
    headers = bound(regions=("370102",))
    made = anonymous.post("/v1/silences", json=MUTE | {"region": LIXIA}, headers=headers)
    assert made.status_code == 201, made.text
    assert anonymous.delete(f"/v1/mutes/{made.json()['name']}", headers=headers).status_code == 204
    device = {"kind": "waterlogging", "region": LIXIA, "name": "own"}
    assert anonymous.put("/v1/devices/g1", json=device, headers=headers).status_code == 200
    moved = anonymous.put("/v1/devices/g1", json=device | {"region": HUAIYIN}, headers=headers)
    assert moved.status_code == 403
    assert moved.json()["type"] == "urn:rencheng:problem:out-of-reach"
    assert "370102" in moved.json()["detail"]
    stolen = SITE | {"site_id": "own", "region": LIXIA, "sensors": [{"device_id": "g3", "role": "rain"}]}
    assert anonymous.put("/v1/sites/own", json=stolen, headers=headers).status_code == 403


def test_a_bound_key_ends_no_signal_of_another_region(anonymous: httpx.Client, filled: Engine, bound: Bound) -> None:
    headers = bound(regions=(OWN,)) | {"Content-Type": "application/xml"}
    cancel = alert(kind="Cancel", references=REFERENCES.replace("S0", "signal-of-road"))
    now = NOW.isoformat(timespec="seconds")
    answer = anonymous.post(
        "/v1/weather/signals", content=cancel.replace("2026-07-20T15:30:00+08:00", now), headers=headers
    )
    assert answer.status_code == 403, answer.text
    assert anonymous.delete("/v1/weather/signals/signal-of-road", headers=headers).status_code == 403
    assert anonymous.delete("/v1/weather/signals/signal-of-own", headers=headers).status_code == 204


def test_a_stream_carries_only_its_own_region_and_world(filled: Engine, address: str, bound: Bound) -> None:
    token = bound(regions=(LIXIA,), worlds=("actual",))["Authorization"].removeprefix("Bearer ")
    with streaming(address, token, world="all") as stream:
        for site in ("road", "drill-tunnel", "underpass"):
            record_messages(
                filled, rendered(f"w-{site}", 2, Level.BLUE, site=SITES_BY_ID[site], kind=MessageType.CANCEL)
            )
        stream.receives("w-underpass-2")


def test_without_the_scope_for_warnings_a_site_shows_no_warning(
    anonymous: httpx.Client, filled: Engine, bound: Bound
) -> None:
    for scopes, level in (((KeyScope.TELEMETRY_READ,), None), ((KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ), str)):
        site = anonymous.get("/v1/sites/road", headers=bound(*scopes)).json()
        assert (site["level"] is None) == (level is None)
        assert level is not None or site["warning_id"] is None


def test_authors_are_shown_to_those_who_change_or_audit(anonymous: httpx.Client, filled: Engine, bound: Bound) -> None:
    for scopes, sees in (((KeyScope.WARNINGS_READ,), False), ((KeyScope.WARNINGS_READ, KeyScope.OPERATE), True)):
        silences = anonymous.get("/v1/mutes", headers=bound(*scopes)).json()["silences"]
        assert silences
        assert all((each["made_by"] is not None) == sees for each in silences)
