"""The status of a world, and the page that shows it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.device import DeviceState
from rencheng.domain.errors import RejectionReason
from rencheng.domain.level import Level
from rencheng.domain.reading import SignalEvent
from rencheng.store.accounting.counts import ReadingCounts, count, record_progress
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.registry.devices import add_region, add_world, save_states
from rencheng.store.registry.sites import register_site
from services.api.status_page import FOLDER
from tests.support.api import beijing, evaluate_readings, store_readings, water
from tests.support.streams import SITES_BY_ID, record_messages, rendered

NOW = datetime.now(UTC)
PAGES = ("/", "/warnings/road-20260720T080100Z")
FILES = ("/static/status.css", "/static/status.js")


@pytest.fixture(scope="module", autouse=True)
def _city(city: Engine) -> None:
    sound = [water("g3", NOW - timedelta(minutes=60 + n), 0.0) for n in reversed(range(10))]
    evaluate_readings(city, [*sound, water("g1", NOW - timedelta(seconds=20), 412.0)])
    store_readings(
        city, [water("dg1", beijing("07-20T12:00:00"), 33.0), SignalEvent("s1", NOW - timedelta(hours=2), 1, 1)]
    )
    record_messages(city, rendered("w", 1, Level.YELLOW), rendered("w", 2, Level.RED))
    record_messages(city, rendered("d", 1, Level.BLUE, site=SITES_BY_ID["drill-tunnel"]))
    with city.begin() as connection:
        save_states(connection, [DeviceState("s1", online=False, received_at=NOW)])
        record_progress(connection, "w0", started_at=NOW, committed_through=NOW, rows=True)
        count(
            connection,
            "w0",
            NOW,
            {("actual", "waterlogging"): ReadingCounts(10, 2, 1), ("drill", "signal"): ReadingCounts(5)},
        )
        add_to_quarantine(
            connection,
            [QuarantineRecord("t", b"not json", -1, RejectionReason.UNDECODABLE, "why", None, "actual", NOW)],
        )


def _status(client: httpx.Client, **asked: str) -> dict[str, Any]:
    answer = client.get("/v1/status", params=asked)
    assert answer.status_code == 200, answer.text
    status: dict[str, Any] = answer.json()
    return status


def test_the_live_world_at_a_glance(client: httpx.Client) -> None:
    status = _status(client)
    assert status["world"] == "actual"
    assert status["health"]["status"] == "ok"
    assert 0 <= status["health"]["last_row_age_s"] < 60
    assert status["counts"] == {
        "processed": 13,
        "stored": 10,
        "duplicate": 2,
        "quarantined": 1,
        "by_reason": {"undecodable": 1},
    }
    assert status["levels"] == {"none": 1, "blue": 0, "yellow": 0, "orange": 0, "red": 1}
    assert [(world["world"], world["sites"], world["in_force"]) for world in status["worlds"]] == [
        ("actual", 2, 1),
        ("drill", 1, 1),
    ]


MANY = 1009


def test_all_sites_count_and_the_gravest_is_first_whatever_their_number(client: httpx.Client, city: Engine) -> None:
    """Among a thousand sites, red in force at the last one by name."""
    last = replace(SITES_BY_ID["road"], site_id="zz-last", world="crowd", region="370103")
    with city.begin() as connection:
        add_world(connection, "crowd", "many sites")
        add_region(connection, "370103", "市中区", "Shizhong")
        for number in range(MANY - 1):
            register_site(connection, replace(last, site_id=f"a{number:04}", region="370102"))
        register_site(connection, last)
    record_messages(city, rendered("z", 1, Level.RED, site=last))
    status = _status(client, world="crowd")
    assert status["levels"] == {"none": MANY - 1, "blue": 0, "yellow": 0, "orange": 0, "red": 1}
    assert (status["no_data"], status["sites_total"], len(status["sites"])) == (MANY, MANY, 1000)
    assert status["sites"][0]["site_id"] == "zz-last"
    rest = _status(client, world="crowd", after=status["next"])
    assert [len(rest["sites"]), rest["next"]] == [9, None]
    names = [one["site_id"] for one in (*status["sites"], *rest["sites"])]
    assert len(set(names)) == MANY
    assert _status(client, world="crowd", region="370103")["sites_total"] == 1
    assert _status(client, world="crowd", region="370100", limit="1")["sites_total"] == MANY


def test_a_site_without_data_has_no_depth_and_is_counted(client: httpx.Client) -> None:
    status = _status(client)
    underpass, road = status["sites"]  # the gravest first
    assert (road["site_id"], road["monitoring"]["reason"], road["depth_mm"]) == ("road", "silent", None)
    assert road["age_s"] >= 3600
    assert (underpass["monitoring"]["state"], underpass["depth_mm"], underpass["level"]) == ("ok", 412.0, "red")
    assert underpass["warning_id"] == "w"
    assert status["no_data"] == 1


def test_devices_are_reporting_offline_or_silent(client: httpx.Client) -> None:
    assert [tuple(row.values()) for row in _status(client)["devices"]] == [
        ("waterlogging", 1, 0, 2),  # g2 has never reported, g3 not recently
        ("signal", 0, 1, 0),
        ("charging", 0, 0, 1),
    ]


def test_the_last_messages_come_with_their_words_and_their_cap(client: httpx.Client) -> None:
    newest, oldest = _status(client)["messages"]
    assert (newest["identifier"], newest["message_type"], newest["level"]) == ("w-2", "Update", "red")
    assert "412" in newest["description"]["en"] or "41.2" in newest["description"]["en"]
    assert "积水红色预警" in newest["headline"]["zh"]
    assert newest["in_force"]
    assert client.get(newest["cap"]).text.startswith("<?xml")
    assert oldest["event_id"] < newest["event_id"]


def test_an_exercise_has_its_own_clock_and_nothing_of_the_live_world(client: httpx.Client) -> None:
    status = _status(client, world="drill")
    assert status["now"] == "2026-07-20T12:00:00+08:00"
    assert [site["site_id"] for site in status["sites"]] == ["drill-tunnel"]
    assert status["devices"][0] == {"kind": "waterlogging", "reporting": 1, "offline": 0, "silent": 0}
    assert [message["warning_id"] for message in status["messages"]] == ["d"]
    assert status["counts"]["stored"] == 5
    assert status["counts"]["by_reason"] == {}


def test_a_world_that_is_not_there_is_empty(client: httpx.Client) -> None:
    status = _status(client, world="nowhere")
    assert (status["now"], status["sites"], status["messages"]) == (None, [], [])
    assert client.get("/v1/status", params={"world": "a b"}).status_code == 422


@pytest.mark.parametrize("path", PAGES + FILES)
def test_the_page_comes_under_a_strict_policy(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.status_code == 200
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_files_are_of_their_types(anonymous: httpx.Client) -> None:
    types = [anonymous.get(path).headers["content-type"] for path in ("/", *FILES)]
    assert types == [f"text/{kind}; charset=utf-8" for kind in ("html", "css", "javascript")]


def test_the_page_holds_no_code_of_its_own_and_loads_nothing_from_elsewhere(anonymous: httpx.Client) -> None:
    page = anonymous.get("/").text
    assert re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    loaded = re.findall(r'<(?:script|link)\b[^>]*?(?:src|href)="([^"]*)"', page)
    assert sorted(loaded) == ["/static/status.css", "/static/status.js", "data:,"]
    for file in FOLDER.iterdir():
        assert not re.search(r"https?:|//\w+\.|@import|url\(", file.read_text(encoding="utf-8")), file.name


def test_the_script_never_makes_markup_of_data_and_keeps_the_key_out_of_addresses() -> None:
    script = (FOLDER / "status.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", script)
    assert "localStorage" not in script
    assert "document.cookie" not in script


def test_a_name_that_cannot_be_a_warning_has_no_page(anonymous: httpx.Client) -> None:
    assert anonymous.get("/warnings/%3Cscript%3E").status_code == 422
