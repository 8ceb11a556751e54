"""Every changing command leaves an entry in the audit log, with the shell's user as its author."""

import getpass
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer.main
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from commands.main import app
from rencheng.domain.errors import RejectionReason
from rencheng.domain.level import Level
from rencheng.operations.calls import answer_for, follow_warning, send_nothing
from rencheng.operations.handovers import offer_handover
from rencheng.operations.people import add_policy_version, save_person, save_roster
from rencheng.operations.plan_files import default_text
from rencheng.operations.signers import Signer
from rencheng.response.calls.call import AnswerKind
from rencheng.response.calls.forms import CallPolicyForm, HandoverForm, PersonForm, RosterForm
from rencheng.store.core.database import Connection, Engine
from rencheng.store.registry.sites import find_sites
from rencheng.store.warnings.notices import add_notices
from tests.api.test_audit import reject
from tests.schemas.test_site import entry
from tests.support.commands import propose_closing
from tests.support.decisions import KEY
from tests.support.doubts import doubtful, published
from tests.support.rain_signals import cap
from tests.support.response_requests import generate_tasks, responded, signed
from tests.support.streams import record_on, rendered

NOT_RECORDED = {
    "serve", "doctor", "demo", "drill", "backtest", "learn", "reference",  # start services, measure, or write files
    "stack up", "stack down", "stack status", "stack reset", "stack logs", "stack reload",  # the servers of a checkout
    "db upgrade", "db downgrade", "db restore",  # the schema, with the audit log in it
    "db backup",  # reads only
    "broker accounts",  # writes what the registry says
    "device show", "device list", "device pending", "site show", "site list", "world list", "weather list",
    "mute list", "gateway list", "fleet audit", "key list", "quarantine list", "quarantine show", "quarantine reasons",
    "quality show", "quality limits", "jobs list", "storage status", "tls list", "site doubts",  # read only
    "role list", "role show", "login list",  # read only
    "people list", "roster list", "policy list", "call list",  # read only
    "plan export", "plan list", "plan preview", "task list", "task show", "response list",  # read only
    "actuator list", "command list",  # read only
    "subscriber list", "contact list", "contact key", "dispatch list", "dispatch show",  # read only
    "tls init", "tls issue",  # write files of certificates, no data
}  # fmt: skip

SITE_OPTIONS = [
    "--type",
    "road",
    "--region",
    "370102",
    "--latitude",
    "36.6",
    "--longitude",
    "117",
    "--name-zh",
    "路",
    "--name-en",
    "Road",
]
CHANGING = {
    "writers": ["3"],
    "site add": ["S9", *SITE_OPTIONS],
    "site import": ["{sites}"],
    "site set": ["S1", "--closing-time-s", "44"],
    "site confirm": ["S1", "--by", "x"],
    "site deny": ["S1"],
    "site pump": ["S1", "2", "failed"],
    "site tides": ["S1", "{tides}"],
    "site bind": ["S1", "pump-1", "--role", "pump"],
    "site unbind": ["S1", "rain-1"],
    "world add": ["drill"],
    "weather signal": ["{signal}"],
    "weather forecast": ["{forecast}"],
    "weather nowcast": ["{nowcast}"],
    "weather withdraw": ["S1"],
    "weather withdraw-forecasts": ["s"],
    "mute silence": ["--site", "S1", "--minutes", "5", "--reason", "x"],
    "mute maintenance": ["--site", "S1", "--weekday", "mon", "--begins", "22:30", "--minutes", "60", "--reason", "x"],
    "mute end": ["silence-1"],
    "call answer": ["w1", "bo", "accepted"],
    "call add": ["w1", "mo", "--role", "police"],
    "call withdraw": ["w1", "li", "--reason", "x"],
    "call end": ["w1", "--reason", "x"],
    "people contact": ["bo", "sms", "--address", "13800000000"],
    "people import": ["{people}"],
    "roster import": ["{rosters}"],
    "roster handover": ["keepers", "bo", "li"],
    "roster accept": ["leaders", "1"],
    "roster replace": ["keepers", "bo", "--hours", "1", "--reason", "x"],
    "policy import": ["{policies}"],
    "policy approve": ["red", "1"],
    "plan import": ["{plans}"],
    "plan approve": ["default-road", "1", "--key", "{person_key}"],
    "response declare": ["370102", "4", "--key", "{person_key}"],
    "response decline": ["{response}", "--key", "{person_key}", "--reason", "x"],
    "response end": ["{response}", "--key", "{person_key}"],
    "report event": ["w1", "{report}"],
    "task report": ["{task}", "bo", "accept"],
    "task evidence": ["{task}", "bo", "note", "--note", "x"],
    "task check": ["{task}", "--key", "{person_key}", "--failed", "x"],
    "actuator add": ["b9", "--kind", "barrier", "--region", "370102"],
    "actuator retire": ["b1"],
    "command ask": ["b1", "barrier.close", "--key", "k", "--reason", "x"],
    "command approve": ["{command}"],
    "command approve-all": ["p"],
    "command refuse": ["{command}", "--reason", "x"],
    "command withdraw": ["{command}", "--reason", "x"],
    "command handled": ["{command}", "--note", "x"],
    "gateway add": ["370102", "signal"],
    "gateway remove": ["370102", "charging"],
    "device add": ["d9", "--kind", "signal", "--region", "370102"],
    "device change": ["d1", "--name", "north"],
    "device rotate": ["d1"],
    "device replace": ["d1", "d2"],
    "device retire": ["d1"],
    "device import": ["{devices}", "--passwords", "{passwords}"],
    "device admit": ["p1"],
    "fleet register": ["--gauges", "1", "--signals", "0", "--chargers", "0", "--out", "{fleet}"],
    "key create": ["me", "--scope", "admin"],
    "role give": ["bo", "operator", "--region", "370102"],
    "role end": ["mo", "{role}"],
    "login give": ["bo"],
    "login administrator": ["root", "--name", "root"],
    "login end": ["mo"],
    "key revoke": ["{key}"],
    "subscriber set": ["new", "--owner", "x"],
    "subscriber end": ["police"],
    "contact add": ["police", "mqtt", "--address", "other"],
    "contact end": ["1"],
    "contact test": ["1"],
    "contact probe": ["1"],
    "contact rotate": ["1"],
    "contact disable": ["1", "--reason", "x"],
    "contact prove": ["2", "024681"],
    "dispatch again": ["{dispatch}"],
    "quarantine replay": ["--all"],
    "quality run": [],
    "jobs": ["--once", "--only", "quality.series"],
    "storage roll-up": [],
    "storage arrange": [],
    "storage drop": [],
    "storage mark-stale": ["signal", "--from", "2026-07-20", "--to", "2026-07-21"],
}


FILES = ("people", "rosters", "policies", "sites", "signal", "forecast", "nowcast", "devices", "passwords", "fleet")
POLICY: dict[str, Any] = {"policy_id": "red", "region": "370102", "level": "red", "hold_s": 900}
POLICY |= {"steps": [{"posts": [{"role": "keeper"}], "wait_s": 60}]}


def register_calls(connection: Connection) -> None:
    """Register a person, a roster, a policy and a call, which somebody else made."""
    for person in ("bo", "li", "mo"):
        save_person(connection, PersonForm(person_id=person, name=person, regions=("370102",)), actor="another")
    now = datetime.now(UTC)
    shift = {"person_id": "bo", "begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    for role in ("keeper", "leader"):
        form = {"roster_id": f"{role}s", "role": role, "region": "370102", "shifts": [shift]}
        save_roster(connection, RosterForm.model_validate(form), actor="another")
    record_on(connection, rendered("w1", 1, Level.RED, site=find_sites(connection, ["S1"])["S1"]))
    offer_handover(
        connection, "leaders", HandoverForm(from_person="bo", to_person="li"), signer=Signer("another", None)
    )
    follow_warning(connection, "w1", [], send_nothing)
    answer_for(connection, "w1", "li", AnswerKind.ACCEPTED, actor="another", via="test", carry_out=send_nothing)
    add_policy_version(connection, CallPolicyForm.model_validate(POLICY), actor="another")
    generate_tasks(connection)


def leaves(command: Any, path: str = "") -> Iterator[str]:
    """Yield the names of all commands."""
    if getattr(command, "invoke_without_command", False) or not hasattr(command, "commands"):
        yield path.strip()
    for name, each in getattr(command, "commands", {}).items():
        yield from leaves(each, f"{path} {name}")


@pytest.fixture
def engine(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A database with a site, a device, a gateway, a mute and rejected messages."""
    settings = {"DATABASE_URL": database_url, "MQTT_PASSWORD_FILE": str(tmp_path / "passwd"), "CHECKOUT": str(tmp_path)}
    settings |= {f"MQTT_{name}_PASSWORD": "x" * 32 for name in ("INGEST", "ALERTS", "OPERATOR")}
    settings["CONTACT_KEYS"] = KEY
    for name, value in settings.items():
        monkeypatch.setenv(f"RENCHENG_{name}", value)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        tables = "site_sensors, sites, devices, gateways, silences, maintenance, quarantine, rain_signals"
        tables += ", warnings, people, rosters, call_policies, plans"
        tables += ", subscribers, contact_methods"
        tables += ", actuators, api_keys"
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        connection.execute(text("DELETE FROM worlds WHERE world <> 'actual'"))
    file(tmp_path, "sites", json.dumps([entry(sensors=[{"device_id": "rain-1", "role": "rain"}])]))
    run("site import", str(tmp_path / "sites"))
    file(tmp_path, "sites", json.dumps([entry(catchment="other")]))
    run("device add", "d1", "--kind", "signal", "--region", "370102")
    run("gateway add", "370102", "charging")
    run("mute silence", "--site", "S1", "--minutes", "5", "--reason", "x")
    with engine.begin() as connection:
        register_calls(connection)
    run("subscriber set", "police", "--owner", "x")
    run("contact add", "police", "webhook", "--address", "https://police.example/hook")
    run("people contact", "li", "sms", "--address", "13800000009")
    with engine.begin() as connection:
        values = {"hash": hashlib.sha256(b"2/024681").digest()}
        query = "INSERT INTO contact_proofs VALUES (2, :hash, now() + interval '1 h')"
        connection.execute(text(query), values)
    reject(engine, "p1", RejectionReason.UNKNOWN_DEVICE)
    yield engine
    engine.dispose()
    structlog.reset_defaults()  # a command that runs jobs logs to the runner's stderr


def file(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


def run(command: str, *words: str) -> str:
    ended = CliRunner().invoke(app, [*command.split(), *words], env={"COLUMNS": "300"})
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return ended.stdout.strip()


def dead_letter(engine: Engine) -> str:
    sent = run("contact test", "1")
    with engine.begin() as connection:
        connection.execute(text("UPDATE dispatches SET state = 'failed'"))
    return sent.split()[2].rstrip(";")


def test_every_command_is_recorded_or_changes_no_data() -> None:
    assert set(leaves(typer.main.get_command(app))) - NOT_RECORDED == set(CHANGING)


@pytest.mark.parametrize("command", CHANGING)
def test_a_changing_command_leaves_an_entry(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    hour = {"region": "370102", "source": "s", "rain_mm": 40, "issued_at": "2026-07-20T15:00:00+08:00"}
    hour |= {"valid_from": "2026-07-20T15:00:00+08:00", "valid_to": "2026-07-20T16:00:00+08:00"}
    file(tmp_path, "signal", cap())
    file(tmp_path, "forecast", json.dumps([hour]))
    amounts = {"site_id": "S1", "members": [[1, 2]]}
    soon = {"source": "s", "issued_at": hour["issued_at"], "minutes": [10, 20], "sites": [amounts]}
    file(tmp_path, "nowcast", json.dumps(soon))
    file(tmp_path, "tides", json.dumps({"source": "x", "high_waters": [{"at": hour["issued_at"], "depth_mm": 300}]}))
    file(tmp_path, "people", json.dumps({"person_id": "ann", "name": "安", "regions": ["370102"]}))
    file(tmp_path, "rosters", json.dumps([{"roster_id": "night", "role": "keeper", "region": "370102"}]))
    file(tmp_path, "policies", json.dumps([POLICY | {"policy_id": "orange", "level": "orange"}]))
    file(tmp_path, "plans", default_text())
    file(tmp_path, "devices", "device_id,kind,region\nd8,signal,370102\n")
    if command in {"site confirm", "site deny"}:
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE notices, doubt_answers"))
            [site] = find_sites(connection, ["S1"]).values()
            add_notices(connection, published(site, doubtful(site)))
    if command.startswith("weather withdraw"):
        run("weather signal", str(tmp_path / "signal"))
        run("weather forecast", str(tmp_path / "forecast"))
    if command == "quarantine replay":  # what it replays
        with engine.begin() as connection:
            connection.execute(text("UPDATE devices SET device_id = 'p1', kind = 'waterlogging'"))
    key = run("key create", "old", "--scope", "admin").split("_")[1] if command == "key revoke" else ""
    dispatch = dead_letter(engine) if command == "dispatch again" else ""
    is_of_commands = command.startswith(("command ", "actuator retire"))
    proposed = propose_closing(engine, run, monkeypatch) if is_of_commands else ""
    filled = {name: str(tmp_path / name) for name in (*FILES, "plans", "report", "tides")}
    query = text("SELECT actor FROM audit ORDER BY audit_id")
    filled |= {"key": key, "dispatch": dispatch, "command": proposed} | (
        signed(engine, command) if "task" in command else {}
    )
    filled["role"] = run("role give", "mo", "viewer").split("number ")[1].rstrip(")") if command == "role end" else ""
    if command == "login end":
        run("login give", "mo")
    filled["response"] = responded(engine, command) if "response" in command else ""
    filled["person_key"] = run("key create", "bo", "--scope", "respond", "--person", "bo")
    with engine.connect() as connection:
        before = len(connection.execute(query).all())
    run(command, *(word.format(**filled) for word in CHANGING[command]))
    with engine.connect() as connection:
        actors = list(connection.execute(query).scalars())[before:]

    assert actors
    assert set(actors) == {f"shell {getpass.getuser()}"}
