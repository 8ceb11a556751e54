"""Doubts are listed apart from warnings and notices, rendered as CAP, and answered by people."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.cap.validation import violations
from rencheng.domain.doubt import DoubtOutcome
from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.warnings.doubts import load_answers
from rencheng.store.warnings.notices import add_notices
from tests.support.api import DRILL, HUAIYIN, LIXIA, SITES, MakeToken
from tests.support.doubts import doubtful, published, settled

UNDERPASS, ROAD, TUNNEL = SITES
ANSWER = {"answer": "confirm", "by": "patrol 2"}


@pytest.fixture(autouse=True)
def _three_doubts(city: Engine) -> None:
    """A red one and a settled one in Actual, and one in the drill."""
    old = doubtful(UNDERPASS, at=datetime.now(UTC) - timedelta(hours=1), level=Level.YELLOW, number=7)
    with city.begin() as connection:
        connection.execute(text("TRUNCATE notices, doubt_answers"))
        add_notices(connection, published(ROAD, doubtful(ROAD)))
        add_notices(connection, published(UNDERPASS, old, settled(old)))
        add_notices(connection, published(TUNNEL, doubtful(TUNNEL), world=DRILL))


def names(client: httpx.Client, path: str = "/v1/doubts", **asked: str) -> list[str]:
    return [one["doubt_id"] for one in client.get(path, params=asked).raise_for_status().json()["items"]]


def test_doubts_are_listed_with_their_state_and_apart_from_all_else(client: httpx.Client) -> None:
    [doubt] = client.get("/v1/doubts").json()["items"]

    assert (doubt["site_id"], doubt["level"], doubt["certainty"], doubt["outcome"]) == ("road", "red", "Possible", None)
    assert (doubt["gauge_depth_mm"], doubt["depth_mm"], doubt["answer"]) == (620, 640, None)
    assert "尚未证实" in doubt["text_zh"]
    assert names(client, settled="true") == ["road-doubt-1", "underpass-doubt-7"]
    assert names(client, world=DRILL) == ["drill-tunnel-doubt-1"]
    assert names(client, region=LIXIA, settled="true") == ["underpass-doubt-7"]
    assert names(client, site_id="underpass") == []
    assert client.get("/v1/notices").json()["items"] == [], "nobody asked for them"
    assert names(client, "/v1/notices", kind="doubtful") == ["underpass-doubt-7", "road-doubt-1"]
    assert client.get("/v1/warnings").json()["items"] == []
    assert "doubt" not in client.get("/v1/feed.atom").text


def test_a_site_shows_what_is_doubtful_now_to_those_who_may_read_warnings(
    client: httpx.Client, address: str, make_token: MakeToken
) -> None:
    shown = {one["site_id"]: (one["doubtful"], one["doubt_id"]) for one in client.get("/v1/sites").json()["items"]}
    headers = {"X-API-Key": make_token(KeyScope.TELEMETRY_READ)}

    assert shown == {"road": ("red", "road-doubt-1"), "underpass": (None, None)}
    assert httpx.get(f"{address}/v1/sites/road", headers=headers).json()["doubtful"] is None


def test_the_cap_document_is_valid_and_the_newest(client: httpx.Client) -> None:
    begun, ended = (client.get(f"/v1/doubts/{name}/cap") for name in ("road-doubt-1", "underpass-doubt-7"))

    assert violations(begun.text) == violations(ended.text) == []
    assert "<msgType>Alert</msgType>" in begun.text
    assert "<msgType>Cancel</msgType>" in ended.text
    assert client.get("/v1/doubts/none/cap").status_code == 404


def test_the_feed_has_each_doubt_once_and_its_links_lead_on(client: httpx.Client) -> None:
    answer = client.get("/v1/doubts/feed.atom")
    feed = ET.fromstring(answer.content)  # noqa: S314 - of our own server
    entries = feed.findall("{*}entry")
    links = [
        link.get("href", "") for entry in entries for link in entry.findall("{*}link") if "cap" in link.get("type", "")
    ]

    assert "待核实" in (feed.findtext("{*}title") or "")
    assert [link.partition("/v1/")[2] for link in links] == ["doubts/road-doubt-1/cap", "doubts/underpass-doubt-7/cap"]
    assert client.get("/v1/doubts/feed.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_an_answer_is_recorded_once_with_its_author_and_refused_when_it_comes_too_late(
    client: httpx.Client, city: Engine
) -> None:
    given = client.post("/v1/doubts/road-doubt-1/answer", json=ANSWER | {"note": "to the kerb"})
    again = client.post("/v1/doubts/road-doubt-1/answer", json=ANSWER | {"answer": "deny"})
    late = client.post("/v1/doubts/underpass-doubt-7/answer", json=ANSWER)
    unknown = client.post("/v1/doubts/none/answer", json=ANSWER)
    with city.connect() as connection:
        [kept] = load_answers(connection)
        query = "SELECT action, subject, actor, detail FROM audit WHERE action LIKE 'doubt.%' ORDER BY audit_id DESC"
        action, subject, actor, detail = connection.execute(text(query)).fetchmany(1)[0]

    assert (given.status_code, given.json()["site_id"]) == (201, "road")
    assert (kept.doubt_id, kept.kind, kept.by) == ("road-doubt-1", "confirm", "patrol 2")
    assert (action, subject, actor.startswith("key ")) == ("doubt.confirm", "site road", True)
    assert detail["before"]["doubt"]["outcome"] is None
    assert detail["after"] == {"answer": "confirm", "by": "patrol 2", "note": "to the kerb"}
    assert (again.status_code, late.status_code, unknown.status_code) == (409, 409, 404)
    assert "confirm by patrol 2" in again.json()["detail"]
    assert DoubtOutcome.FELL_BACK in late.json()["detail"]
    assert client.get("/v1/doubts").json()["items"][0]["answer"] == "confirm"


@pytest.mark.parametrize("form", [{}, {"answer": "maybe", "by": "x"}, {"answer": "deny", "by": ""}, ANSWER | {"x": 1}])
def test_an_answer_that_is_not_whole_is_refused(client: httpx.Client, form: dict[str, object]) -> None:
    assert client.post("/v1/doubts/road-doubt-1/answer", json=form).status_code == 422


def test_a_bound_key_reads_and_answers_only_what_is_in_its_reach(address: str, city: Engine) -> None:
    with city.begin() as connection:
        scopes = (KeyScope.WARNINGS_READ, KeyScope.OPERATE)
        token = api_keys.create(connection, "bound", scopes, reach=Reach(regions=(LIXIA,)))
    with httpx.Client(base_url=address, headers={"X-API-Key": token}) as bound:
        assert names(bound, world="all", settled="true") == ["drill-tunnel-doubt-1", "underpass-doubt-7"]
        assert bound.get("/v1/doubts/road-doubt-1/cap").status_code == 404
        assert bound.post("/v1/doubts/road-doubt-1/answer", json=ANSWER).status_code == 404
        assert names(bound, region=HUAIYIN) == []
