"""The Atom feed over HTTP, read by independent parsers."""

import time
from datetime import datetime
from urllib.parse import urlsplit

import feedparser  # type: ignore[import-untyped]
import httpx
import pytest
from cap_tools.models import Alert
from sqlalchemy import Engine, text
from xsdata.formats.dataclass.parsers import XmlParser

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.store.access.api_keys import KeyScope
from services.api.routes.warnings import feed as feed_route
from tests.support.api import MakeToken
from tests.support.cap_messages import schema_accepts_it
from tests.support.streams import SITES_BY_ID, record_messages, rendered

CANCEL = MessageType.CANCEL


@pytest.fixture(autouse=True)
def _issued(city: Engine) -> None:
    """Two warnings in force, one of which is old and was never updated; one that is over; one of an exercise."""
    with city.begin() as connection:
        connection.execute(text("DELETE FROM warnings"))
    record_messages(city, rendered("old", 1, Level.YELLOW, site=SITES_BY_ID["road"]))
    record_messages(city, rendered("over", 1, Level.RED), rendered("over", 2, Level.BLUE, kind=CANCEL))
    record_messages(city, rendered("new", 1, Level.BLUE), rendered("new", 2, Level.ORANGE))
    record_messages(city, rendered("drill", 1, Level.BLUE, site=SITES_BY_ID["drill-tunnel"]))
    _age(city, "old", days=10)
    _age(city, "over", days=1)


def _age(city: Engine, warning_id: str, *, days: int) -> None:
    with city.begin() as connection:
        connection.execute(
            text(
                "UPDATE warning_events SET recorded_at = recorded_at - make_interval(days => :days)"
                " WHERE warning_id = :warning"
            ),
            {"days": days, "warning": warning_id},
        )


def _fetch(client: httpx.Client, **asked: str | int) -> feedparser.FeedParserDict:
    answer = client.get("/v1/feed.atom", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/atom+xml")
    read = feedparser.parse(answer.content)
    assert not read.bozo
    return read


def _names(read: feedparser.FeedParserDict) -> list[str]:
    return [entry.cap_identifier for entry in read.entries]


def test_what_is_in_force_comes_first_and_stays_whatever_its_age(client: httpx.Client, city: Engine) -> None:
    assert _names(_fetch(client, world="all")) == ["new-2", "old-1", "drill-1", "new-1", "over-2", "over-1"]
    _age(city, "over", days=3)
    assert _names(_fetch(client, world="all")) == ["new-2", "old-1", "drill-1", "new-1"]


def test_filters(client: httpx.Client) -> None:
    assert _names(_fetch(client)) == ["new-2", "old-1", "new-1", "over-2", "over-1"]
    assert _names(_fetch(client, world="drill")) == ["drill-1"]
    assert _names(_fetch(client, level_min="orange")) == ["new-2", "new-1", "over-2", "over-1"]
    assert _names(_fetch(client, world="nowhere")) == []


def test_each_entry_leads_to_a_cap_document_that_says_the_same(client: httpx.Client) -> None:
    read = _fetch(client, lang="en", world="all")
    for entry in read.entries:
        [link] = [link.href for link in entry.links if link.type == "application/cap+xml"]
        answer = client.get(urlsplit(link).path)
        assert answer.headers["content-type"].startswith("application/cap+xml")
        assert schema_accepts_it(answer.text)
        alert = XmlParser().from_bytes(answer.content, Alert)
        _, english = alert.infos
        [area] = english.areas
        assert entry.cap_identifier == alert.identifier
        assert entry.cap_status == alert.status.value
        assert entry.cap_msgtype == alert.msg_type.value
        assert entry.cap_severity == english.severity.value
        assert entry.cap_event == english.event
        assert entry.cap_expires == str(english.expires)
        assert entry.cap_areadesc == area.area_desc
        assert [entry.cap_polygon] == [str(polygon) for polygon in area.polygons]
        assert entry.title == english.headline
        assert entry.summary == english.description
        assert entry.link.endswith(f"/warnings/{entry.cap_identifier.rpartition('-')[0]}")  # for people


def test_entries_are_named_for_good_and_dated(client: httpx.Client) -> None:
    chinese, english = _fetch(client, world="all"), _fetch(client, world="all", lang="en")
    ids = [entry.id for entry in chinese.entries]
    assert ids == [entry.id for entry in english.entries]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("urn:uuid:") for name in ids)
    assert all(datetime.fromisoformat(entry.updated).tzinfo for entry in chinese.entries)
    assert chinese.feed.updated == max(entry.updated for entry in chinese.entries)
    assert (chinese.feed.language, english.feed.language) == ("zh-CN", "en-US")
    assert "预警" in chinese.entries[0].title
    assert chinese.entries[2].title.startswith("【演练】")
    assert chinese.entries[2].cap_status == "Exercise"


def test_more_than_a_page_goes_on_behind_the_link_next_and_a_page_stays_small(
    client: httpx.Client, city: Engine
) -> None:
    record_messages(city, *(rendered("long", n, Level.BLUE, site=SITES_BY_ID["road"]) for n in range(1, 60)))
    seen, path = [], "/v1/feed.atom?lang=en&world=all"
    while path:
        answer = client.get(path)
        assert len(answer.content) < 110_000
        read = feedparser.parse(answer.content)
        seen += _names(read)
        following = [urlsplit(link.href) for link in read.feed.links if link.rel == "next"]
        path = f"{following[0].path}?{following[0].query}" if following else ""
    assert len(seen) == len(set(seen)) == 6 + 59


def test_a_reader_that_has_it_gets_nothing_and_a_change_is_sent(client: httpx.Client, city: Engine) -> None:
    first = client.get("/v1/feed.atom")
    known = {"If-None-Match": first.headers["etag"]}
    again = client.get("/v1/feed.atom", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get("/v1/feed.atom?lang=en", headers=known).status_code == 200
    record_messages(city, rendered("new", 3, Level.RED))
    assert client.get("/v1/feed.atom", headers=known).status_code == 200


def test_a_date_is_good_for_the_same_and_is_not_given_while_more_may_come_in_the_same_second(
    client: httpx.Client, city: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_messages(city, rendered("new", 3, Level.RED))
    assert "last-modified" not in client.get("/v1/feed.atom").headers
    time.sleep(2.1)
    date = client.get("/v1/feed.atom").headers["last-modified"]
    assert client.get("/v1/feed.atom", headers={"If-Modified-Since": date}).status_code == 304
    for other in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""):
        assert client.get("/v1/feed.atom", headers={"If-Modified-Since": other}).status_code == 200
    # the tag counts more than the date
    odd = {"If-Modified-Since": date, "If-None-Match": '"other"'}
    assert client.get("/v1/feed.atom", headers=odd).status_code == 200


def test_a_feed_reader_with_a_password_gets_in(anonymous: httpx.Client, make_token: MakeToken) -> None:
    token = make_token(KeyScope.WARNINGS_READ)
    assert anonymous.get("/v1/feed.atom", auth=("reader", token)).status_code == 200
    assert anonymous.get("/v1/warnings/new/cap", auth=("reader", token)).status_code == 200


def test_before_anything_was_issued_it_is_a_feed_all_the_same(client: httpx.Client, city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("DELETE FROM warnings"))
    assert _fetch(client).entries == []
    assert feed_route.ENTRIES == 30
